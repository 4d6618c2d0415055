#include "support/spoiling_lab.h"

#include "gapstow/trust/expiry.h"
#include "gapstow/tuf/dialect.h"
#include "gapstow/tuf/updater.h"
#include "support/tuf_v1_repository.h"
#include "support/tuf_verify.h"

namespace gapstow::test {
namespace {

std::unique_ptr<TestRepository> standard(const std::string& dialect) {
  if (dialect == tuf::notary_v1().name()) return NotaryRepository::standard().clone();
  return TufRepository::standard().clone();
}

}  // namespace

const std::vector<Reading>& SpoilingLab::readings() {
  static const std::vector<Reading> all{{"notary-v1", "chain", "fresh"}, {"notary-v1", "chain", "known"},
                                        {"tuf-1.0", "chain", "fresh"},   {"tuf-1.0", "chain", "known"},
                                        {"tuf-1.0", "client", "fresh"},  {"tuf-1.0", "client", "known"}};
  return all;
}

const std::vector<std::string>& SpoilingLab::roles() {
  static const std::vector<std::string> all{"root", "timestamp", "snapshot", "targets", "delegation"};
  return all;
}

SpoilingLab::SpoilingLab(const std::string& dialect) : before_(standard(dialect)), good_(before_->clone()) {
  good_->publish_next();
  seen_ = tuf::verify_chain(before_->build(), before_->dialect(), before_->gun, {before_->pin()}, kWhen).seen();
  const auto* served = dynamic_cast<const TufRepository*>(before_.get());
  if (served == nullptr) return;
  tuf::Updater::init(store_new_, before_->build().roots.begin()->second);
  store_before_ = store_new_;
  MapFetcher fetcher(served->served());
  tuf::Updater updater(fetcher, store_before_, kWhen);
  updater.refresh();
  updater.find("app/1.0");
}

std::string SpoilingLab::role_name(const std::string& role) const {
  return role == "delegation" ? good_->delegated() : role;
}

bool SpoilingLab::applies(const Spoiling& spoiling, const std::string& role) const {
  return spoiling.applies == nullptr || spoiling.applies(*good_, role_name(role));
}

std::unique_ptr<TestRepository> SpoilingLab::spoiled(const Spoiling& spoiling, const std::string& role) const {
  auto repository = good_->clone();
  spoiling.apply(*repository, role_name(role));
  return repository;
}

std::optional<base::ErrorCode> SpoilingLab::verdict(const TestRepository& repository, const tuf::ChainFiles& files,
                                                    const Reading& reading) const {
  const bool is_known = reading.state == "known";
  return error_of([&] {
    if (reading.reader == "chain") {
      read_chain(files, is_known);
    } else {
      update(repository, is_known);
    }
  });
}

void SpoilingLab::read_chain(const tuf::ChainFiles& files, bool is_known) const {
  const auto chain = tuf::verify_chain(files, good_->dialect(), good_->gun, {good_->pin()}, kWhen);
  if (is_known) tuf::check_against_seen(chain, seen_);
  const auto target = chain.find(good_->delegated_target());
  const trust::Clocks clocks{.local = kWhen, .chosen = {}, .sealed = {}};
  const auto judged = trust::judge_expiry(chain.lifetimes_for(target), trust::ExpiryRule::now, clocks);
  if (!judged.reasons.empty()) throw base::Error(base::ErrorCode::expired, judged.reasons.front());
}

void SpoilingLab::update(const TestRepository& repository, bool is_known) const {
  store_ = is_known ? store_before_ : store_new_;
  MapFetcher fetcher(dynamic_cast<const TufRepository&>(repository).served());
  tuf::Updater updater(fetcher, store_, kWhen);
  updater.find(good_->delegated_target());
}

}  // namespace gapstow::test
