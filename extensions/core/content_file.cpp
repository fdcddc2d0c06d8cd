#include "extensions/core/content_file.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "extensions/core/front_matter.hpp"
#include "extensions/core/text.hpp"
#include "extensions/parameters.hpp"
#include "jobs/names.hpp"

namespace jobq {

namespace {

constexpr std::size_t longest_slug = 512;  // an index holds it
constexpr std::size_t longest_locale = 35; // RFC 5646
constexpr std::size_t longest_date = 10;   // YYYY-MM-DD

/// Carries a fault out of the reading of one file.
struct refusal {
  content_fault what;
};

[[noreturn]] void refuse(int line, std::string reason) {
  throw refusal{{line, std::move(reason)}};
}

std::string_view trimmed(std::string_view text) {
  auto blank = " \t\r\n";
  auto begin = text.find_first_not_of(blank);
  if (begin == text.npos)
    return {};
  return text.substr(begin, text.find_last_not_of(blank) - begin + 1);
}

bool is_slug(std::string_view text) {
  auto allowed = [](char each) {
    return (each >= 'a' && each <= 'z') || (each >= '0' && each <= '9')
           || each == '-' || each == '/';
  };
  return !text.empty() && text.size() <= longest_slug && text.front() != '/'
         && text.back() != '/' && text.find("//") == text.npos
         && std::all_of(text.begin(), text.end(), allowed);
}

bool is_locale(std::string_view text) {
  auto allowed = [](char each) {
    return (each >= 'a' && each <= 'z') || (each >= 'A' && each <= 'Z')
           || (each >= '0' && each <= '9') || each == '-' || each == '_';
  };
  return !text.empty() && text.size() <= longest_locale
         && std::all_of(text.begin(), text.end(), allowed);
}

/// The fields of one front matter. Its methods throw `refusal`.
class fields {
public:
  explicit fields(YAML::Node map) : map_{std::move(map)} {}

  /// The line of the field's name: where a null value stands is not known.
  int line(std::string_view name) const {
    for (const auto& field : map_)
      if (field.first.Scalar() == name)
        return line_of(field.first);
    return 1;
  }

  /// A scalar's text; empty when the field is absent or null.
  std::string text(const char* name) const {
    const auto node = map_[name];
    if (!node || node.IsNull())
      return {};
    if (!node.IsScalar())
      refuse(line_of(node), std::string{name} + " must be a single value");
    check_text(node, name);
    return std::string{trimmed(node.Scalar())};
  }

  std::string required(const char* name) const {
    auto value = text(name);
    if (value.empty())
      refuse(line(name), std::string{"field "} + name + " is missing");
    return value;
  }

  bool boolean(const char* name, bool otherwise) const {
    auto value = text(name);
    if (value.empty())
      return otherwise;
    auto read = read_boolean(value);
    if (!read)
      refuse(line(name), std::string{name} + " must be true or false, not \""
                             + value + "\"");
    return *read;
  }

  /// A list of words, or one text with commas.
  std::vector<std::string> words(const char* name) const {
    std::vector<std::string> list;
    const auto node = map_[name];
    if (!node || node.IsNull())
      return list;
    if (node.IsScalar()) {
      split(text(name), list);
      return list;
    }
    if (!node.IsSequence())
      refuse(line_of(node), std::string{name} + " must be a list");
    for (const auto& each : node) {
      if (!each.IsScalar())
        refuse(line_of(each), std::string{name} + " must be a list of words");
      check_text(each, name);
      list.emplace_back(trimmed(each.Scalar()));
    }
    return list;
  }

  std::string links() const {
    const auto node = map_["links"];
    if (!node || node.IsNull())
      return "[]";
    if (!node.IsSequence())
      refuse(line_of(node), "links must be a list");
    check_text(node, "links");
    return to_json(node);
  }

  /// All fields that this program has no column for.
  std::string metadata() const {
    static const std::vector<std::string> columns{
        "title",  "slug",     "author", "published_at", "kind",
        "image",  "category", "locale", "description",  "keywords",
        "public", "tags",     "links"};
    YAML::Node rest{YAML::NodeType::Map};
    for (const auto& field : map_) {
      const auto& name = field.first.Scalar();
      if (std::find(columns.begin(), columns.end(), name) != columns.end())
        continue;
      check_text(field.first, "a field's name");
      check_text(field.second, name.c_str());
      rest[name] = field.second;
    }
    return to_json(rest);
  }

private:
  /// YAML's escapes can write what UTF-8 does not hold.
  static void check_text(const YAML::Node& node, const char* name) {
    if (node.IsScalar() && !is_storable_text(node.Scalar()))
      refuse(line_of(node),
             std::string{name} + " holds a character that can't be stored");
    if (node.IsSequence())
      for (const auto& each : node)
        check_text(each, name);
    if (node.IsMap())
      for (const auto& field : node) {
        check_text(field.first, name);
        check_text(field.second, name);
      }
  }

  static void split(std::string_view text, std::vector<std::string>& list) {
    while (!text.empty()) {
      auto end = std::min(text.find(','), text.size());
      if (auto word = trimmed(text.substr(0, end)); !word.empty())
        list.emplace_back(word);
      text.remove_prefix(std::min(end + 1, text.size()));
    }
  }

  const YAML::Node map_;
};

std::string instant(const fields& given) {
  auto text = given.required("published_at");
  auto at
      = parse_rfc3339(text.size() == longest_date ? text + "T00:00:00Z" : text);
  if (!at)
    refuse(given.line("published_at"),
           "published_at must be a date (2027-03-28) or an RFC 3339 time, not "
           "\"" + text
               + "\"");
  return format_utc(*at);
}

std::string kind_of(const fields& given, const content_source& source) {
  auto kind = given.required("kind");
  const auto& allowed = source.allowed_content_types;
  if (!allowed.empty()
      && std::find(allowed.begin(), allowed.end(), kind) == allowed.end())
    refuse(given.line("kind"), "kind \"" + kind + "\" is not allowed in source "
                                   + source.name + did_you_mean(kind, allowed));
  return kind;
}

std::string json_list(const std::vector<std::string>& words) {
  std::string json = "[";
  for (const auto& word : words) {
    if (json.size() > 1)
      json += ',';
    json += json_string(word);
  }
  return json += ']';
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) {
    if (!text.empty())
      text += ", ";
    text += word;
  }
  return text;
}

content_document document_of(const fields& given,
                             const content_source& source) {
  content_document made;
  made.title = given.required("title");
  made.slug = given.required("slug");
  if (!is_slug(made.slug))
    refuse(given.line("slug"),
           "slug \"" + made.slug
               + "\" must be segments of a-z, 0-9 and - joined by /");
  made.author = given.required("author");
  made.published_at = instant(given);
  made.kind = kind_of(given, source);
  made.description = given.text("description");
  made.keywords = joined(given.words("keywords"));
  made.image = given.text("image");
  made.category_id = given.text("category");
  if (made.category_id.empty())
    made.category_id = source.category_id;
  if (auto locale = given.text("locale"); !locale.empty())
    made.locale = locale;
  if (!is_locale(made.locale))
    refuse(given.line("locale"),
           "locale \"" + made.locale + "\" must be like en or en-GB");
  made.is_public = given.boolean("public", true);
  made.tags = json_list(given.words("tags"));
  made.links = given.links();
  made.metadata = given.metadata();
  return made;
}

/// The line on which the first byte stands that can't be stored.
int bad_line(std::string_view text) {
  int line = 1;
  while (!text.empty()) {
    auto end = std::min(text.find('\n'), text.size());
    if (!is_storable_text(text.substr(0, end)))
      return line;
    text.remove_prefix(std::min(end + 1, text.size()));
    ++line;
  }
  return line;
}

} // namespace

std::string content_document::version_hash() const {
  text_hash hash;
  for (const auto* field : {&slug, &locale, &title, &description, &body,
                            &author, &published_at, &keywords, &kind, &image,
                            &category_id, &links, &tags, &metadata, &file_path})
    hash.add(*field);
  return hash.add(is_public ? "1" : "0").finish();
}

tl::expected<content_document, content_fault>
parse_content(std::string_view text, const content_source& source,
              const std::string& file_path) {
  try {
    if (text.find('\0') != text.npos)
      refuse(1, "this is a binary file, not Markdown");
    if (!is_storable_text(text))
      refuse(bad_line(text), "the text is not UTF-8");
    auto parts = split_front_matter(text);
    if (!parts)
      return tl::unexpected{parts.error()};
    auto map = load_front_matter(parts->front_matter);
    if (!map)
      return tl::unexpected{map.error()};
    auto made = document_of(fields{*map}, source);
    made.body = std::move(parts->body);
    made.file_path = file_path;
    return made;
  } catch (const refusal& refused) {
    return tl::unexpected{refused.what};
  } catch (const std::exception& error) {
    return tl::unexpected{content_fault{1, error.what()}};
  }
}

tl::expected<std::string, content_fault>
read_content_file(const std::filesystem::path& file) {
  auto trouble = [](const std::string& reason) {
    return tl::unexpected{content_fault{1, reason}};
  };
  // NONBLOCK: opening a pipe must not wait for its writer.
  int handle = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (handle < 0)
    return trouble(std::string{"can't be read: "} + std::strerror(errno));
  struct closer {
    ~closer() { ::close(handle); }
    int handle;
  } closes{handle};
  struct stat status {};
  if (::fstat(handle, &status) != 0 || !S_ISREG(status.st_mode))
    return trouble("this is no plain file");
  if (static_cast<std::uint64_t>(status.st_size) > max_content_bytes)
    return trouble("the file is larger than 16 MiB");
  std::string text(static_cast<std::size_t>(status.st_size) + 1, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    auto count = ::read(handle, text.data() + size, text.size() - size);
    if (count < 0 && errno == EINTR)
      continue;
    if (count < 0)
      return trouble(std::string{"can't be read: "} + std::strerror(errno));
    if (count == 0)
      break;
    size += static_cast<std::size_t>(count);
  }
  if (size == text.size())
    return trouble("the file grew while it was read");
  text.resize(size);
  return text;
}

} // namespace jobq
