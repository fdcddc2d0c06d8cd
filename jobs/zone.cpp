#include "jobs/zone.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "jobs/names.hpp"
#include "jobs/zone_rule.hpp"

// The system's TZif files (RFC 8536) are read here rather than through the
// `date` library: as packaged it ignores the footer that rules the time after
// a file's last transition, so that from 2038 on it would hold every zone at
// its winter offset. A file is read when its zone is first asked for; the
// whole database would cost tens of megabytes.

namespace jobq {

namespace chrono = std::chrono;
namespace fs = std::filesystem;

namespace {

using chrono::sys_seconds;

/// A zone's history: offsets_[i] holds from transitions_[i - 1] on, the rule
/// from the last transition on.
struct zone_data {
  std::string name;
  std::vector<sys_seconds> transitions;
  std::vector<std::int32_t> offsets{0}; ///< seconds; one more than transitions
  std::optional<zone_rule> rule;

  time_zone::period at(sys_seconds instant) const {
    const auto next
        = std::upper_bound(transitions.begin(), transitions.end(), instant);
    const auto index = static_cast<std::size_t>(next - transitions.begin());
    const auto begin = index == 0 ? sys_seconds::min() : *(next - 1);
    if (next != transitions.end() || !rule)
      return {begin, next == transitions.end() ? sys_seconds::max() : *next,
              seconds{offsets[index]}};
    auto ruled = rule->at(instant);
    ruled.begin = std::max(ruled.begin, begin);
    return ruled;
  }
};

constexpr std::uintmax_t max_file_size = 1 << 20;

/// Big-endian integers of a TZif file, never past its end.
class byte_reader {
public:
  explicit byte_reader(std::string_view bytes) : rest_{bytes} {}

  bool skip(std::uint64_t size) {
    if (rest_.size() < size)
      return false;
    rest_.remove_prefix(static_cast<std::size_t>(size));
    return true;
  }

  bool has(std::uint64_t size) const noexcept { return rest_.size() >= size; }

  /// The caller has asked `has`.
  std::int64_t integer(std::size_t size) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < size; ++i)
      value = value << 8 | static_cast<unsigned char>(rest_[i]);
    rest_.remove_prefix(size);
    if (size == 4)
      return static_cast<std::int32_t>(static_cast<std::uint32_t>(value));
    return static_cast<std::int64_t>(value);
  }

  std::string_view rest() const noexcept { return rest_; }

private:
  std::string_view rest_;
};

struct tzif_header {
  char version = 0;
  std::uint64_t isut = 0;
  std::uint64_t isstd = 0;
  std::uint64_t leaps = 0;
  std::uint64_t times = 0;
  std::uint64_t types = 0;
  std::uint64_t chars = 0;

  std::uint64_t body_size(std::uint64_t time_size) const noexcept {
    return times * (time_size + 1) + types * 6 + chars + leaps * (time_size + 4)
           + isstd + isut;
  }
};

std::optional<tzif_header> read_header(byte_reader& in) {
  if (!in.has(44) || in.rest().substr(0, 4) != "TZif")
    return std::nullopt;
  tzif_header header;
  header.version = in.rest()[4];
  in.skip(20);
  for (auto* count : {&header.isut, &header.isstd, &header.leaps, &header.times,
                      &header.types, &header.chars})
    *count = static_cast<std::uint64_t>(in.integer(4)) & 0xffffffffU;
  return header;
}

bool read_tzif(std::string_view bytes, zone_data& zone) {
  byte_reader in{bytes};
  auto header = read_header(in);
  if (!header)
    return false;
  std::size_t time_size = 4;
  if (header->version >= '2') {
    // The first body, of 32-bit times, is there for old readers.
    if (!in.skip(header->body_size(4)) || !(header = read_header(in)))
      return false;
    time_size = 8;
  }
  if (header->types == 0 || !in.has(header->body_size(time_size)))
    return false;
  std::vector<std::int64_t> times(static_cast<std::size_t>(header->times));
  for (auto& time : times)
    time = in.integer(time_size);
  std::vector<std::size_t> kinds(times.size());
  for (auto& kind : kinds)
    kind = static_cast<std::size_t>(in.integer(1));
  std::vector<std::int32_t> offsets(static_cast<std::size_t>(header->types));
  for (auto& offset : offsets) {
    offset = static_cast<std::int32_t>(in.integer(4));
    in.skip(2); // whether it is daylight time, and its abbreviation
    if (offset < -93600 || offset > 93600)
      return false;
  }
  in.skip(header->chars + header->leaps * (time_size + 4) + header->isstd
          + header->isut);
  zone.offsets = {offsets[0]};
  for (std::size_t i = 0; i < times.size(); ++i) {
    if (kinds[i] >= offsets.size() || (i > 0 && times[i] <= times[i - 1]))
      return false;
    // Changes of the abbreviation alone are no changes here; but the last one,
    // whatever it changes, is where the rule begins.
    if (offsets[kinds[i]] == zone.offsets.back() && i + 1 < times.size())
      continue;
    zone.transitions.emplace_back(seconds{times[i]});
    zone.offsets.push_back(offsets[kinds[i]]);
  }
  if (header->version < '2')
    return true;
  auto footer = in.rest();
  if (footer.empty() || footer.front() != '\n')
    return false;
  footer.remove_prefix(1);
  footer = footer.substr(0, footer.find('\n'));
  // An empty footer leaves the future unknown: the last offset stays.
  if (footer.empty())
    return true;
  zone.rule = zone_rule::parse(footer);
  return zone.rule.has_value();
}

fs::path zone_directory() {
  const char* set = std::getenv("TZDIR");
  return set && *set == '/' ? set : "/usr/share/zoneinfo";
}

/// Whether a name may be looked for among the files. `posix/` and `right/` are
/// copies (the latter counts leap seconds), the last two are the machine's own
/// choice under other names.
bool is_zone_name(std::string_view name) {
  if (name.empty() || name.size() > 64 || name.front() == '/'
      || name.back() == '/' || name.find("//") != std::string_view::npos)
    return false;
  for (const char c : name)
    if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
          || (c >= '0' && c <= '9') || c == '_' || c == '+' || c == '-'
          || c == '/'))
      return false;
  return !name.starts_with("posix/") && !name.starts_with("right/")
         && name != "posixrules" && name != "localtime";
}

std::optional<std::string> read_file(const fs::path& file) {
  std::error_code ignored;
  if (!fs::is_regular_file(file, ignored)
      || fs::file_size(file, ignored) > max_file_size || ignored)
    return std::nullopt;
  std::ifstream in{file, std::ios::binary};
  std::string bytes{std::istreambuf_iterator<char>{in}, {}};
  if (!in && !in.eof())
    return std::nullopt;
  return bytes;
}

/// Zones by name, each read once and kept for the life of the process: handles
/// are plain pointers to them.
class zone_registry {
public:
  zone_registry() { zones_.emplace("UTC", make_utc()); }

  static zone_registry& instance() {
    // Never destroyed: handles outlive static destruction.
    static auto* registry = new zone_registry;
    return *registry;
  }

  const zone_data* utc() const noexcept { return utc_; }

  const zone_data* find(std::string_view name) {
    const std::lock_guard lock{mutex_};
    if (const auto found = zones_.find(name); found != zones_.end())
      return found->second.get();
    if (!is_zone_name(name))
      return nullptr;
    const auto bytes = read_file(zone_directory() / std::string{name});
    auto zone = std::make_unique<zone_data>();
    zone->name = name;
    if (!bytes || !read_tzif(*bytes, *zone))
      return nullptr;
    return zones_.emplace(name, std::move(zone)).first->second.get();
  }

private:
  std::unique_ptr<zone_data> make_utc() {
    auto zone = std::make_unique<zone_data>();
    zone->name = "UTC";
    utc_ = zone.get();
    return zone;
  }

  const zone_data* utc_ = nullptr;
  std::mutex mutex_;
  std::map<std::string, std::unique_ptr<zone_data>, std::less<>> zones_;
};

std::vector<std::string> list_zone_names() {
  std::vector<std::string> names{"UTC"};
  const auto root = zone_directory();
  std::error_code failed;
  for (fs::recursive_directory_iterator it{root, failed}, end;
       !failed && it != end; it.increment(failed)) {
    const auto name = it->path().lexically_relative(root).generic_string();
    std::error_code ignored;
    if (it->is_directory(ignored)) {
      if (!is_zone_name(name) || name == "posix" || name == "right")
        it.disable_recursion_pending();
      continue;
    }
    char magic[4] = {};
    if (is_zone_name(name)
        && std::ifstream{it->path(), std::ios::binary}.read(magic, 4)
        && std::string_view(magic, 4) == "TZif")
      names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

const zone_data& data_of(const void* data) noexcept {
  return *static_cast<const zone_data*>(data);
}

std::string lower(std::string_view text) {
  std::string out{text};
  for (auto& c : out)
    if (c >= 'A' && c <= 'Z')
      c = static_cast<char>(c - 'A' + 'a');
  return out;
}

std::string suggestion(std::string_view name) {
  if (name.size() > 64)
    return {};
  const auto& names = zone_names();
  const auto wanted = lower(name);
  for (const auto& candidate : names)
    if (lower(candidate) == wanted)
      return ", did you mean \"" + candidate + "\"?";
  return did_you_mean(name, names);
}

std::string two_digits(std::int64_t value) {
  auto text = std::to_string(value);
  if (text.size() < 2)
    text.insert(text.begin(), '0');
  return text;
}

} // namespace

time_zone time_zone::utc() {
  return time_zone{zone_registry::instance().utc()};
}

result<time_zone> time_zone::find(std::string_view name) {
  if (const auto* zone = zone_registry::instance().find(name))
    return time_zone{zone};
  std::string shown;
  for (const char c : name.substr(0, 64))
    shown += c >= ' ' && c <= '~' ? c : '?';
  if (name.size() > 64)
    shown += "...";
  auto message = "unknown time zone \"" + shown + "\"" + suggestion(name);
  if (zone_names().size() == 1)
    message += " (this machine has no time zone data in "
               + zone_directory().string() + ")";
  return fail(errc::invalid_argument, std::move(message));
}

time_zone::period time_zone::at(sys_seconds instant) const {
  return data_of(data_).at(instant);
}

const std::string& time_zone::name() const {
  return data_of(data_).name;
}

const std::vector<std::string>& zone_names() {
  static const auto* names = new std::vector<std::string>(list_zone_names());
  return *names;
}

std::string format_in_zone(time_point at, const time_zone& zone) {
  // RFC 3339 offsets have whole minutes. The local mean times of the 19th
  // century do not: they print as the nearest local time that can be written,
  // which still means the same instant.
  const auto exact = zone.at(chrono::floor<seconds>(at)).offset;
  const auto offset = chrono::round<chrono::minutes>(exact);
  auto text = format_utc(at + offset);
  text.pop_back(); // its Z
  if (text.ends_with(".000"))
    text.resize(text.size() - 4);
  if (offset == chrono::minutes{0})
    return text + "Z";
  const auto size = chrono::abs(offset).count();
  return text + (offset.count() < 0 ? "-" : "+") + two_digits(size / 60) + ":"
         + two_digits(size % 60);
}

} // namespace jobq
