#include "gapstow/serve/proofs.h"

#include <catch2/catch.hpp>
#include <chrono>
#include <condition_variable>
#include <future>
#include <mutex>
#include <vector>

#include "gapstow/bundle/layout.h"
#include "support/bundle_maker.h"

namespace gapstow::test {
namespace {

constexpr std::chrono::seconds kLongEnough{60};

/// A file that may be slow at one place: whoever reads there waits until it is let go.
class GatedFile final : public base::File {
 public:
  explicit GatedFile(base::Bytes bytes) : file_(std::move(bytes)) {}

  void hold(std::uint64_t from, std::uint64_t to) {
    const std::lock_guard lock(mutex_);
    from_ = from;
    to_ = to;
  }
  void let_go() {
    hold(0, 0);
    changed_.notify_all();
  }
  bool wait_for_reader() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kLongEnough, [&] { return is_waited_for_; });
  }

  std::size_t read_at(std::uint64_t offset, std::span<std::byte> out) override {
    {
      std::unique_lock lock(mutex_);
      const auto is_held = [&] { return offset >= from_ && offset < to_; };
      is_waited_for_ = is_waited_for_ || is_held();
      changed_.notify_all();
      changed_.wait(lock, [&] { return !is_held(); });
    }
    return file_.read_at(offset, out);
  }
  void write_at(std::uint64_t offset, base::ByteView bytes) override { file_.write_at(offset, bytes); }
  std::uint64_t size() override { return file_.size(); }
  void sync() override {}
  void start_writeback(std::uint64_t, std::uint64_t) override {}

 private:
  BundleMemoryFile file_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t from_ = 0;
  std::uint64_t to_ = 0;
  bool is_waited_for_ = false;
};

/// A held bundle of two layers over such a file.
struct World {
  World() {
    CollectingConsumer consumer{{{key.public_key()}, 1}};
    held = std::make_shared<transfer::HeldBundle>("app.gapstow", bundle::OpenedBundle::open(file, consumer, nullptr),
                                                  transfer::KeptContents{}, transfer::Outcome{});
  }
  std::size_t first() const { return content.statement.metadata_entries; }
  std::size_t second() const { return first() + 1; }
  const bundle::EntryPosition& position(std::size_t entry) const { return layout.entries.at(entry); }
  /// What is found out about an entry; it does not hold when that takes too long.
  serve::Proof proof(serve::Proofs& proofs, std::size_t entry) const {
    const auto found = std::make_shared<std::promise<serve::Proof>>();
    auto future = found->get_future();
    proofs.when_known(held, entry, [found](const serve::Proof& proof) { found->set_value(proof); });
    if (future.wait_for(kLongEnough) == std::future_status::ready) return future.get();
    return {false, {}, "nobody found out"};
  }

  sign::SecretKey key = seeded_key(1);
  BundleContent content = small_content();
  bundle::Seal seal = make_tight_seal(content.statement, {&key});
  bundle::Layout layout = bundle::lay_out(seal.claimed());
  std::shared_ptr<GatedFile> file = std::make_shared<GatedFile>(bundle_bytes(seal, content.contents));
  std::shared_ptr<const transfer::HeldBundle> held;
};

}  // namespace

TEST_CASE("who waits for a layer does not wait for another one that is being proven in the background") {
  World world;
  world.file->hold(world.position(world.first()).header, world.position(world.first()).end);
  serve::Proofs proofs(1);
  proofs.set({world.held});
  CHECK(world.file->wait_for_reader());
  CHECK_FALSE(proofs.look(world.held, world.first()));
  CHECK(world.proof(proofs, world.second()).holds);
  world.file->let_go();
  CHECK(world.proof(proofs, world.first()).holds);
  CHECK(proofs.progress().proven == proofs.progress().entries);
}

TEST_CASE("what is known can be looked up without waiting") {
  World world;
  base::Bytes one(1);
  const std::uint64_t at = world.position(world.second()).content;
  world.file->read_at(at, one);
  one[0] ^= std::byte{1};
  world.file->write_at(at, one);
  std::mutex mutex;
  std::vector<std::size_t> damaged;
  serve::Proofs proofs(1, [&](const auto& bundle, std::size_t entry, const serve::Proof& proof) {
    const std::scoped_lock lock(mutex);
    if (&bundle == world.held.get() && !proof.why.empty()) damaged.push_back(entry);
  });
  proofs.set({world.held});
  CHECK(world.proof(proofs, world.first()).holds);
  CHECK_FALSE(world.proof(proofs, world.second()).holds);
  {
    const std::scoped_lock lock(mutex);
    CHECK(damaged == std::vector{world.second()});
  }
  REQUIRE(proofs.look(world.held, world.first()));
  CHECK(proofs.look(world.held, world.first())->holds);
  REQUIRE(proofs.look(world.held, world.second()));
  CHECK_FALSE(proofs.look(world.held, world.second())->holds);
  proofs.set({});
  CHECK_FALSE(proofs.look(world.held, world.first()));
}

}  // namespace gapstow::test
