// Any text as a record's JSON: what is read can be written, and reads back as the same.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/check.h"
#include "record/fields.h"
#include "record/json_codec.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gauntlet;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  run::Record record;
  if (!record::from_json(text, record)) return 0;
  const std::string written = record::to_json(record);
  run::Record again;
  GAUNTLET_CHECK(record::from_json(written, again));
  GAUNTLET_CHECK(record::to_json(again) == written);
  return 0;
}
