#include "extensions/content/content_store.hpp"

#include "jobs/scalars.hpp"

namespace jobq {

namespace {

sql_value text_or_null(const std::string& text) {
  if (text.empty())
    return std::monostate{};
  return text;
}

std::int64_t number_of(const std::optional<std::string>& column) {
  return column ? read_integer(*column).value_or(-1) : -1;
}

} // namespace

std::vector<stored_content> content_store::rows() {
  std::vector<stored_content> all;
  for (auto& row :
       db_.query("SELECT id, slug, locale, version_hash, file_path, file_mtime,"
                 " file_size FROM markdown_content WHERE source_id = :source",
                 7, {{"source", source_id_}}))
    all.push_back({number_of(row[0]),
                   {std::move(*row[1]), std::move(*row[2])},
                   std::move(*row[3]),
                   {std::move(*row[4]), number_of(row[5]), number_of(row[6])}});
  return all;
}

void content_store::put(const content_document& document,
                        const std::string& version_hash, const found_file& file,
                        const std::string& now) {
  // An update keeps id and created_at.
  static const std::string sql
      = "INSERT INTO markdown_content (source_id, slug, locale, title,"
        " description, body, author, published_at, keywords, kind, image,"
        " category_id, public, links, tags, metadata, version_hash, file_path,"
        " file_mtime, file_size, created_at, updated_at) VALUES (:source, "
        ":slug,"
        " :locale, :title, :description, :body, :author, :published_at,"
        " :keywords, :kind, :image, :category_id, :public, :links, :tags,"
        " :metadata, :version_hash, :file_path, :file_mtime, :file_size,"
        " :created_at, :updated_at)"
        " ON CONFLICT (source_id, slug, locale) DO UPDATE SET"
        " title = excluded.title, description = excluded.description,"
        " body = excluded.body, author = excluded.author,"
        " published_at = excluded.published_at, keywords = excluded.keywords,"
        " kind = excluded.kind, image = excluded.image,"
        " category_id = excluded.category_id, public = excluded.public,"
        " links = excluded.links, tags = excluded.tags,"
        " metadata = excluded.metadata, version_hash = excluded.version_hash,"
        " file_path = excluded.file_path, file_mtime = excluded.file_mtime,"
        " file_size = excluded.file_size, updated_at = excluded.updated_at";
  // As text, which both an INTEGER and a BOOLEAN column take for what it is.
  std::string is_public = document.is_public ? "1" : "0";
  db_.execute(sql, {{"source", source_id_},
                    {"slug", document.slug},
                    {"locale", document.locale},
                    {"title", document.title},
                    {"description", document.description},
                    {"body", document.body},
                    {"author", document.author},
                    {"published_at", document.published_at},
                    {"keywords", document.keywords},
                    {"kind", document.kind},
                    {"image", text_or_null(document.image)},
                    {"category_id", text_or_null(document.category_id)},
                    {"public", is_public},
                    {"links", document.links},
                    {"tags", document.tags},
                    {"metadata", document.metadata},
                    {"version_hash", version_hash},
                    {"file_path", file.path},
                    {"file_mtime", file.mtime},
                    {"file_size", file.size},
                    {"created_at", now},
                    {"updated_at", now}});
}

void content_store::touch(std::int64_t id, const found_file& file) {
  db_.execute("UPDATE markdown_content SET file_mtime = :mtime,"
              " file_size = :size WHERE id = :id",
              {{"mtime", file.mtime}, {"size", file.size}, {"id", id}});
}

void content_store::remove(std::int64_t id) {
  db_.execute("DELETE FROM markdown_content WHERE id = :id", {{"id", id}});
}

std::string content_store::settings_hash() {
  auto rows = db_.query("SELECT settings_hash FROM content_source_states"
                        " WHERE source_id = :source",
                        1, {{"source", source_id_}});
  return rows.empty() ? std::string{} : *rows[0][0];
}

void content_store::set_settings_hash(const std::string& hash,
                                      const std::string& now) {
  db_.execute("INSERT INTO content_source_states"
              " (source_id, settings_hash, published_at)"
              " VALUES (:source, :hash, :now)"
              " ON CONFLICT (source_id) DO UPDATE SET"
              " settings_hash = excluded.settings_hash,"
              " published_at = excluded.published_at",
              {{"source", source_id_}, {"hash", hash}, {"now", now}});
}

} // namespace jobq
