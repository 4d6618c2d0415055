#include "support/serve_world.h"

#include <future>

namespace gapstow::test {

serve::Request request_for(const std::string& target, const std::string& method) {
  serve::Request request;
  request.method = method;
  request.target = target;
  request.path = target.substr(0, target.find('?'));
  request.headers["host"] = "localhost:5000";
  for (std::size_t at = target.find('?'); at != std::string::npos;) {
    const std::size_t end = target.find('&', at + 1);
    const std::string item = target.substr(at + 1, end == std::string::npos ? end : end - at - 1);
    request.query.emplace_back(item.substr(0, item.find('=')), item.substr(item.find('=') + 1));
    at = end;
  }
  return request;
}

std::string body_of(const serve::Response& response) {
  if (const auto* text = std::get_if<std::string>(&response.body)) return *text;
  if (const auto* shared = std::get_if<serve::SharedBody>(&response.body)) {
    if (!*shared) return {};
    const auto view = base::as_text(**shared);
    return std::string(view);
  }
  const auto& file = std::get<serve::FileBody>(response.body);
  base::Bytes bytes(file.length);
  bytes.resize(file.file->read_at(file.offset, bytes));
  return std::string(base::as_text(bytes));
}

std::string header_of(const serve::Response& response, const std::string& name) {
  for (const auto& [key, value] : response.headers) {
    if (key == name) return value;
  }
  return {};
}

ServeWorld::ServeWorld(const std::function<void(trust::TrustStore&)>& change) : log({}, clock, [](std::uint64_t) {}) {
  pack_sample(fs, bundle);
  if (change) change(store);
  request.bundles = {bundle};
  start();
}

ServeWorld::ServeWorld(const std::vector<std::string>& bundles, trust::TrustStore trusts)
    : store(std::move(trusts)), log({}, clock, [](std::uint64_t) {}) {
  request.bundles = bundles;
  start();
}

void ServeWorld::start() {
  request.trust_store = folder / "trust";
  request.state = folder / "state.db";
  load();
}

void ServeWorld::load() {
  trust::save_store(fs, request.trust_store, store);
  auto next = serve::load_holdings(request, cell ? cell->get().get() : nullptr, around());
  proofs.set(next->bundles);
  if (cell) {
    cell->set(std::move(next));
  } else {
    cell = std::make_unique<serve::HoldingsCell>(std::move(next));
  }
}

serve::Response ServeWorld::ask(serve::Request request_now) {
  std::promise<serve::Response> answered;
  auto future = answered.get_future();
  const serve::RegistryRoutes routes(parts());
  routes.answer(std::make_shared<const serve::Request>(std::move(request_now)),
                [&](serve::Response response) { answered.set_value(std::move(response)); });
  return future.get();
}

}  // namespace gapstow::test
