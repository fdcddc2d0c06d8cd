#include "extensions/content/content_file.hpp"

#include "tests/extensions/core_fixture.hpp"

namespace jobq {

namespace {

const std::string good = "---\n"
                         "title: A title\n"
                         "slug: guides/a-title\n"
                         "author: Ann\n"
                         "published_at: 2027-03-28\n"
                         "kind: article\n";

content_source source() {
  content_source made;
  made.name = "docs";
  made.category_id = "manual";
  made.allowed_content_types = {"article", "guide"};
  return made;
}

content_document read(const std::string& text) {
  auto parsed = parse_content(text, source(), "a.md");
  EXPECT_TRUE(parsed) << parsed.error().line << ": " << parsed.error().reason;
  return parsed.value_or(content_document{});
}

std::string fault(const std::string& text) {
  auto parsed = parse_content(text, source(), "a.md");
  return parsed ? "none"
                : std::to_string(parsed.error().line) + ": "
                      + parsed.error().reason;
}

} // namespace

TEST(core_content, a_plain_file_is_read_with_its_defaults) {
  auto made = read(good + "---\n# Heading\n\ntext\n");
  EXPECT_EQ(made.title, "A title");
  EXPECT_EQ(made.slug, "guides/a-title");
  EXPECT_EQ(made.author, "Ann");
  EXPECT_EQ(made.published_at, "2027-03-28T00:00:00.000Z");
  EXPECT_EQ(made.kind, "article");
  EXPECT_EQ(made.locale, "en");
  EXPECT_TRUE(made.is_public);
  EXPECT_EQ(made.category_id, "manual");
  EXPECT_EQ(made.body, "# Heading\n\ntext\n");
  EXPECT_EQ(made.metadata, "{}");
}

TEST(core_content, every_field_is_read) {
  auto made = read(good
                   + "description: 'About it'\n"
                     "keywords: [a, b]\n"
                     "image: /i.png\n"
                     "category: other\n"
                     "locale: de-AT\n"
                     "public: false\n"
                     "tags: one, two\n"
                     "links: [{title: T, url: 'http://x'}]\n"
                     "weight: 3\n"
                     "extra: {deep: [true, 'true', 1.50, ~, a\"b]}\n"
                     "---\n");
  EXPECT_EQ(made.description, "About it");
  EXPECT_EQ(made.keywords, "a, b");
  EXPECT_EQ(made.image, "/i.png");
  EXPECT_EQ(made.category_id, "other");
  EXPECT_EQ(made.locale, "de-AT");
  EXPECT_FALSE(made.is_public);
  EXPECT_EQ(made.tags, R"(["one","two"])");
  EXPECT_EQ(made.links, R"([{"title":"T","url":"http://x"}])");
  EXPECT_EQ(made.metadata,
            R"({"weight":3,"extra":{"deep":[true,"true",1.50,null,"a\"b"]}})");
  EXPECT_EQ(made.body, "");
}

TEST(core_content, a_mark_and_windows_line_ends_change_nothing) {
  auto text = good + "---\nbody\n";
  std::string windows = "\xef\xbb\xbf";
  for (char each : text)
    windows += each == '\n' ? std::string{"\r\n"} : std::string{each};
  EXPECT_EQ(read(windows).version_hash(), read(text).version_hash());
}

TEST(core_content, every_stored_field_is_in_the_hash) {
  auto hash = read(good + "---\nbody\n").version_hash();
  for (const char* line : {"description: x\n", "keywords: x\n", "image: x\n",
                           "category: x\n", "locale: de\n", "public: false\n",
                           "tags: x\n", "links: [x]\n", "other: x\n"})
    EXPECT_NE(read(good + line + "---\nbody\n").version_hash(), hash) << line;
  EXPECT_NE(read(good + "---\nbody\n\n").version_hash(), hash);
}

TEST(core_content, faults_name_the_line_and_the_reason) {
  EXPECT_EQ(fault("# Heading\n"),
            "1: the first line must be ---, front matter is missing");
  EXPECT_EQ(fault(""),
            "1: the first line must be ---, front matter is missing");
  EXPECT_EQ(fault(good),
            "1: the line --- that ends the front matter is missing");
  EXPECT_EQ(fault("---\n---\n"), "2: front matter must be a map of fields");
  EXPECT_EQ(fault("---\ntitle: x\n---\n"), "1: field slug is missing");
  EXPECT_EQ(fault("---\ntitle:\n---\n"), "2: field title is missing");
  EXPECT_EQ(fault(good + "title: again\n---\n"),
            "7: field \"title\" stands twice");
  EXPECT_EQ(fault(good + "public: maybe\n---\n"),
            "7: public must be true or false, not \"maybe\"");
  EXPECT_EQ(fault(good + "tags: {a: b}\n---\n"), "7: tags must be a list");
  EXPECT_EQ(fault(good + "locale: e n\n---\n"),
            "7: locale \"e n\" must be like en or en-GB");
  EXPECT_EQ(fault(good + "x: \"\\0\"\n---\n"),
            "7: x holds a character that can't be stored");
  EXPECT_EQ(fault(good + "---\nok\n\xff\n"), "9: the text is not UTF-8");
  EXPECT_EQ(fault(good + "---\n" + std::string(1, '\0')),
            "1: this is a binary file, not Markdown");
}

TEST(core_content, wrong_slugs_kinds_and_times_are_refused) {
  auto with = [](const char* field, const std::string& value) {
    auto text = good;
    auto begin = text.find(std::string{"\n"} + field + ":") + 1;
    auto end = text.find('\n', begin);
    text.replace(begin, end - begin, std::string{field} + ": " + value);
    return fault(text + "---\n");
  };
  for (const char* slug : {"A", "a b", "/a", "a/", "a//b", "a_b", "ä", "''"})
    EXPECT_TRUE(with("slug", slug).starts_with("3: ")) << slug;
  EXPECT_EQ(with("kind", "artcle"), "6: kind \"artcle\" is not allowed in "
                                    "source docs, did you mean \"article\"?");
  EXPECT_EQ(with("published_at", "2027-03-28T12:00:00+02:00"), "none");
  for (const char* time : {"yesterday", "2027-02-30", "2027-3-1", "12:00"})
    EXPECT_TRUE(with("published_at", time).starts_with("5: ")) << time;
}

TEST(core_content, hostile_yaml_is_a_fault_of_its_file) {
  std::string bomb = "---\na: &a [x,x]\n";
  for (char each = 'b'; each < 'z'; ++each) {
    std::string before(1, static_cast<char>(each - 1));
    bomb += std::string(1, each) + ": &" + each + " [*" + before + ",*" + before
            + "]\n";
  }
  EXPECT_EQ(fault(bomb + "---\n"),
            "2: YAML anchors are not allowed in front matter");
  EXPECT_NE(fault("---\na: " + std::string(40, '[') + "\n---\n"), "none");
  EXPECT_NE(fault("---\na: " + std::string(60000, '[') + "\n---\n"), "none");
  EXPECT_NE(fault("---\na: " + std::string(60000, '{') + "\n---\n"), "none");
  EXPECT_NE(fault("---\n" + std::string(1 << 20, 'a') + "\n---\n"), "none");
  EXPECT_NE(fault("---\na: b: c\n---\n"), "none");
  EXPECT_NE(fault("---\n? [a]\n: b\n---\n"), "none");
  EXPECT_NE(fault("---\n\ttab: x\n---\n"), "none");
}

} // namespace jobq
