#include "gapstow/json/value.h"

#include <catch2/catch.hpp>

#include "support/error_of.h"
#include "support/gen_json.h"

using namespace gapstow;
using json::Array;
using json::Object;
using json::Value;

TEST_CASE("values hold one kind") {
  CHECK(Value().is_null());
  CHECK(*Value(true).get_if<bool>());
  CHECK(*Value(-3).get_if<std::int64_t>() == -3);
  CHECK(*Value(3U).get_if<std::int64_t>() == 3);
  CHECK(*Value(std::uint64_t{7}).get_if<std::int64_t>() == 7);
  CHECK(*Value("text").get_if<std::string>() == "text");
  CHECK(Value("text").get_if<bool>() == nullptr);
  CHECK(Value(Array{1, "two"}).get_if<Array>()->size() == 2);
  CHECK(std::string(Value(Object()).kind()) == "an object");
  CHECK(std::string(Value().kind()) == "null");
  REQUIRE_ERROR(limit_exceeded, Value(std::uint64_t{1} << 63));
  CHECK(*Value(static_cast<std::uint64_t>(INT64_MAX)).get_if<std::int64_t>() == INT64_MAX);
}

TEST_CASE("values stay small: documents hold a hundred thousand of them") { STATIC_REQUIRE(sizeof(Value) <= 40); }

TEST_CASE("members are sorted by the bytes of their names") {
  Object object{{"b", 1}, {"\xC3\xA9", 2}, {"a", 3}, {"", 4}, {"B", 5}, {"a", 6}};
  std::vector<std::string> names;
  for (const auto& [name, value] : object.members()) names.push_back(name);
  CHECK(names == std::vector<std::string>{"", "B", "a", "b", "\xC3\xA9"});
  CHECK(*object.find("a") == Value(6));
  CHECK(object.find("c") == nullptr);
  CHECK(object.find(std::string_view("a\0", 2)) == nullptr);
}

TEST_CASE("set adds or replaces") {
  Object object;
  CHECK(object.empty());
  object.set("x", 1);
  object.set("w", 2);
  object.set("x", 3);
  CHECK(object.size() == 2);
  CHECK(*object.find("x") == Value(3));
}

TEST_CASE("from_members refuses a name that occurs twice") {
  Object object;
  CHECK(Object::from_members({{"b", 1}, {"a", 2}}, object));
  CHECK(object == Object{{"a", 2}, {"b", 1}});
  CHECK_FALSE(Object::from_members({{"b", 1}, {"a", 2}, {"b", 1}}, object));
}

TEST_CASE("equality looks at kinds and does not care in which order members were set") {
  CHECK(Value(Object{{"a", 1}, {"b", Array{2}}}) == Value(Object{{"b", Array{2}}, {"a", 1}}));
  CHECK_FALSE(Value(1) == Value(1.0));
  CHECK_FALSE(Value(0) == Value(false));
  CHECK_FALSE(Value("") == Value());
  CHECK_FALSE(Value(Array{1, 2}) == Value(Array{2, 1}));
}
