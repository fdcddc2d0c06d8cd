#include <jobq_extension.hpp>

#include "extensions/blog/content_ingestion.hpp"

JOBQ_EXTENSION(
    "blog", BLOG_RELEASE,
    {{"content_ingestion",
      "Ingest the Markdown files of the sources that a blog.yaml lists",
      blog::content_ingestion,
      {{"config", "services/blog/blog.yaml", JOBQ_TEXT,
        "path of the blog.yaml, absolute or relative to the working directory "
        "of the server"},
       {"database", "", JOBQ_TEXT,
        "sqlite:///PATH or postgresql://...; default: database_url in the "
        "blog.yaml"},
       {"dry_run", "false", JOBQ_BOOLEAN,
        "say what would be done, change nothing"}},
      "0 0 * * * *"}})
