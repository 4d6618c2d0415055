#include "snapshot_report.h"

#include <algorithm>

#include "gapstow/base/text.h"

namespace gapstow::cli {
namespace {

using enforce::ImageView;
using enforce::Snapshot;
using report::Style;

constexpr std::size_t kLabel = 12;

std::string line(const Style& style, std::string_view label, const std::string& text) {
  std::string padded(label);
  padded.resize(std::max(kLabel, padded.size() + 1), ' ');
  return "  " + style.faint(padded) + text + "\n";
}

bool has_lapsed(const ImageView& image, base::Time now) { return image.good_until && now >= *image.good_until; }

/// "allow", "deny" or "lapsed": what is decided now.
std::string_view decided(const ImageView& image, base::Time now) {
  if (image.refused) return "deny";
  return has_lapsed(image, now) ? "lapsed" : "allow";
}

std::string fate(const ImageView& image, base::Time now) {
  if (image.refused) {
    return "refused [" + std::string(base::name(*image.refused)) + "] " + std::string(image.refusal);
  }
  if (!image.good_until) return "may run";
  const std::string until = base::format_time(*image.good_until) + " (" + std::string(image.lapse) + ")";
  return (has_lapsed(image, now) ? "lapsed " : "may run until ") + until;
}

std::string image_text(const Snapshot& snapshot, std::size_t index, base::Time now, const Style& style) {
  const ImageView image = snapshot.at(index);
  std::string out = line(style, "Image", std::string(image.origin));
  out += line(style, "", image.digest.text() + ", " + std::to_string(snapshot.children(index).size()) + " below it");
  out += line(style, "", fate(image, now));
  std::string grounds = "rule " + std::string(image.rule);
  grounds += image.role.empty() ? ", no chain" : ", role " + std::string(image.role);
  for (const auto name : image.signers) grounds += ", sealed by " + std::string(name);
  return out + line(style, "", style.faint(grounds));
}

json::Array strings(const std::vector<std::string_view>& texts) { return {texts.begin(), texts.end()}; }

json::Value text_or_null(std::string_view text) { return text.empty() ? json::Value() : json::Value(text); }

json::Value image_json(const Snapshot& snapshot, std::size_t index, base::Time now) {
  const ImageView image = snapshot.at(index);
  json::Array children;
  for (const auto& child : snapshot.children(index)) children.emplace_back(child.text());
  json::Array local_names;
  for (const auto& name : snapshot.relocations().local_names(oci::parse_reference(image.origin, false))) {
    local_names.emplace_back(name.text());
  }
  json::Value refused;
  if (image.refused) refused = json::Object{{"code", base::name(*image.refused)}, {"reason", image.refusal}};
  return json::Object{
      {"origin", image.origin},
      {"localNames", std::move(local_names)},
      {"digest", image.digest.text()},
      {"mediaType", image.media_type},
      {"size", image.size},
      {"children", std::move(children)},
      {"decision", decided(image, now)},
      {"rule", image.rule},
      {"role", text_or_null(image.role)},
      {"keyIds", strings(image.key_ids)},
      {"signers", strings(image.signers)},
      {"bundleId", image.bundle_id},
      {"goodUntil", image.good_until ? json::Value(base::format_time(*image.good_until)) : json::Value()},
      {"lapse", text_or_null(image.lapse)},
      {"refused", std::move(refused)}};
}

json::Array chains_json(const Snapshot& snapshot) {
  json::Array chains;
  for (const auto& chain : snapshot.chains()) {
    json::Array expires;
    for (const auto& [role, until] : chain.expires) {
      expires.emplace_back(json::Object{{"role", role}, {"until", base::format_time(until)}});
    }
    chains.emplace_back(json::Object{{"gun", chain.gun}, {"expires", std::move(expires)}});
  }
  return chains;
}

json::Array relocations_json(const Snapshot& snapshot) {
  json::Array relocations;
  for (const auto& rule : snapshot.relocations().rules()) {
    json::Array tags;
    for (const auto& [origin, local] : rule.tags) {
      tags.emplace_back(json::Object{{"origin", origin}, {"local", local}});
    }
    relocations.emplace_back(json::Object{{"from", rule.from}, {"to", rule.to}, {"tags", std::move(tags)}});
  }
  return relocations;
}

}  // namespace

std::string snapshot_text(const Snapshot& snapshot, const std::string& path, base::Time now, const Style& style) {
  std::string out = line(style, "Decisions", base::printable(path) + ", version " + std::to_string(snapshot.version()));
  out += line(
      style, "",
      "made at " + base::format_time(snapshot.made_at()) + ", signed by " + base::join(snapshot.signed_by(), ", "));
  out += line(style, "", "clocks before " + base::format_time(snapshot.clock_floor()) + " are wrong");
  for (const auto& rule : snapshot.relocations().rules()) {
    out += line(style, "Relocation", rule.to + " stands for " + rule.from);
  }
  for (std::size_t i = 0; i < snapshot.images(); ++i) out += image_text(snapshot, i, now, style);
  return out;
}

json::Value snapshot_json(const Snapshot& snapshot, const std::string& path, const std::string& command,
                          base::Time now) {
  json::Array images;
  for (std::size_t i = 0; i < snapshot.images(); ++i) images.push_back(image_json(snapshot, i, now));
  json::Array signed_by(snapshot.signed_by().begin(), snapshot.signed_by().end());
  return json::Object{{"command", command},
                      {"file", path},
                      {"version", snapshot.version()},
                      {"madeAt", base::format_time(snapshot.made_at())},
                      {"clockFloor", base::format_time(snapshot.clock_floor())},
                      {"checkedAt", base::format_time({now.seconds, 0})},
                      {"signedBy", std::move(signed_by)},
                      {"images", std::move(images)},
                      {"chains", chains_json(snapshot)},
                      {"relocations", relocations_json(snapshot)}};
}

}  // namespace gapstow::cli
