#include "extensions/content/content_file.hpp"

#include <algorithm>
#include <exception>

#include "extensions/content/front_matter.hpp"
#include "extensions/content/text_file.hpp"
#include "extensions/content/text_hash.hpp"
#include "extensions/content/yaml_map.hpp"
#include "extensions/database/text.hpp"
#include "jobs/names.hpp"
#include "jobs/time.hpp"

namespace jobq {

namespace {

/// The fields that have columns of their own.
const std::vector<std::string> column_fields{
    "title",  "slug",     "author", "published_at", "kind",
    "image",  "category", "locale", "description",  "keywords",
    "public", "tags",     "links"};

constexpr std::size_t longest_slug = 512;  // an index holds it
constexpr std::size_t longest_locale = 35; // RFC 5646
constexpr std::size_t longest_date = 10;   // YYYY-MM-DD

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

std::string instant(const yaml_map& given) {
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

std::string kind_of(const yaml_map& given, const content_source& source) {
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

content_document document_of(const yaml_map& given,
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
  made.links = given.list_json("links");
  made.metadata = given.rest_json(column_fields);
  return made;
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
    if (auto fault = fault_of_text(text, "Markdown"))
      return tl::unexpected{std::move(*fault)};
    auto parts = split_front_matter(text);
    if (!parts)
      return tl::unexpected{parts.error()};
    auto fields = yaml_map::load(
        parts->front_matter, {"front matter", split_content::first_yaml_line});
    if (!fields)
      return tl::unexpected{fields.error()};
    auto made = document_of(*fields, source);
    made.body = std::move(parts->body);
    made.file_path = file_path;
    return made;
  } catch (const content_refusal& refused) {
    return tl::unexpected{refused.what};
  } catch (const std::exception& error) {
    return tl::unexpected{content_fault{1, error.what()}};
  }
}

} // namespace jobq
