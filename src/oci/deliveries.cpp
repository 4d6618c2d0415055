#include "deliveries.h"

namespace gapstow::oci {

std::vector<Delivery> plan_deliveries(const std::vector<NamedImage>& images, const std::string& description,
                                      const std::string& reference) {
  std::vector<Delivery> deliveries;
  deliveries.reserve(images.size());
  for (const auto& image : images) {
    Delivery delivery;
    delivery.name = description + ":" + (reference.empty() ? image.reference : reference);
    for (const auto& blob : image.blobs) delivery.blobs.push_back({blob, Delivery::Blob::Fate::written});
    deliveries.push_back(std::move(delivery));
  }
  return deliveries;
}

void mark_present(std::vector<Delivery>& deliveries, const std::set<digest::Digest>& present) {
  for (auto& delivery : deliveries) {
    for (auto& each : delivery.blobs) {
      if (present.contains(each.blob.digest)) each.fate = Delivery::Blob::Fate::present;
    }
  }
}

}  // namespace gapstow::oci
