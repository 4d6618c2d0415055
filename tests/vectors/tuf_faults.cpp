#include "vectors/tuf_faults.h"

#include <algorithm>

#include "gapstow/digest/digest.h"

namespace gapstow::test {
namespace {

std::string role_in_name(std::string role) {
  std::ranges::replace(role, '/', '_');
  return role.empty() ? "" : role + "-";
}

/// Faults of texts and promises look the same in every root; the others are those of updates.
bool is_about_text(unsigned group) { return group == 7 || group == 12 || group == 14; }

std::string two_digits(unsigned number) { return (number < 10 ? "0" : "") + std::to_string(number); }

/// What an accepted chain answers where the row says nothing else.
void settle_report(TufVector& vector, const std::string& delegated) {
  auto& report = vector.report;
  if (vector.expect != "ok") {
    report = {};
    return;
  }
  if (!vector.target) return;
  if (report.role.empty()) report.role = delegated;
  if (!report.sha256.empty()) return;
  const std::string content = report.role == "targets" ? "by the owner" : "one";
  report.sha256 = digest::sha256(base::as_bytes(content)).hex();
  report.length = content.size();
}

TufVector make(const Fault& fault, const std::string& dialect, const std::string& role, const char* expect) {
  VectorDraft draft(dialect, role, is_about_text(fault.group));
  fault.spoil(draft);
  TufVector vector = draft.finish();
  if (vector.expect.empty()) vector.expect = expect;
  if (vector.expect != "expired") vector.lapsed.clear();
  settle_report(vector, draft.forge().delegated());
  vector.group = fault.group;
  vector.title = fault.title;
  const std::string prefix = fault.group == 0 ? "good" : "g" + two_digits(fault.group);
  vector.name = prefix + "-" + dialect + "-" + role_in_name(vector.role) + fault.name;
  return vector;
}

}  // namespace

std::vector<TufVector> tuf_vectors() {
  std::vector<TufVector> all;
  for (const auto& faults : {good_chains(), threshold_faults(), signature_faults(), key_faults(), key_id_faults(),
                             version_faults(), state_faults(), time_faults(), link_faults(), mix_faults(),
                             root_key_faults(), name_faults(), graph_faults(), json_faults(), answer_faults()}) {
    for (const auto& fault : faults) {
      for (const auto& [dialect, expect] :
           {std::pair("notary-v1", fault.expect.notary), std::pair("tuf-1.0", fault.expect.tuf)}) {
        if (expect == nullptr) continue;
        for (const auto& role : fault.roles) all.push_back(make(fault, dialect, role, expect));
      }
    }
  }
  std::ranges::sort(all, {}, &TufVector::name);
  return all;
}

}  // namespace gapstow::test
