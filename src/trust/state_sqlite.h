// State in an open SQLite database.
#pragma once

#include <string>
#include <vector>

#include "gapstow/trust/state.h"
#include "sqlite.h"

namespace gapstow::trust {

class SqliteState final : public State {
 public:
  /// The database has been examined.
  explicit SqliteState(Database database) : database_(std::move(database)) {}

  tuf::SeenRoles seen(const std::string& gun, const std::vector<std::string>& root_identities) override;
  std::optional<base::Time> clock_floor() override;
  std::vector<HistoryRecord> history(std::size_t limit) override;
  void commit(const HistoryRecord& record, const std::vector<SeenUpdate>& updates, std::optional<base::Time> floor,
              const std::function<void()>& publish) override;
  void remember(const std::vector<SeenUpdate>& updates) override;

 private:
  tuf::SeenRoles merged(const std::string& gun, const std::vector<std::string>& root_identities);
  bool is_older(const SeenUpdate& update);
  void raise(const SeenUpdate& update);
  void raise_floor(base::Time floor);
  std::optional<base::Time> floor();
  void add_record(HistoryRecord record);
  void add_images(const HistoryRecord& record);
  void seal_whole();
  void read_details(HistoryRecord& record);

  Database database_;
};

}  // namespace gapstow::trust
