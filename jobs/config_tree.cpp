#include "jobs/config_tree.hpp"

#include <exception>
#include <istream>
#include <streambuf>

#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

// yaml-cpp's events are used rather than its nodes: these keep duplicate keys
// and the place of every alias, cost a fraction of the time, and let the
// parsing stop at the first value past a limit.

namespace jobq {

namespace {

/// Thrown through the parser to end it.
struct stop {
  text_fault fault;
};

/// How many bytes the parser may read without coming up with a value. Its
/// scanner can look ahead to the end of the file.
constexpr std::size_t max_lookahead = std::size_t{4} << 20;

/// Brackets open at a time, counted without regard to quotes and comments. Far
/// above any real file; it spares the scanner files of brackets only.
constexpr int max_open_brackets = 10'000;

std::string too_deep() {
  return "is nested deeper than " + std::to_string(max_config_depth)
         + " levels";
}

std::string too_many() {
  return "holds more than 1,000,000 values, those repeated by aliases included";
}

/// Hands the text to the parser piece by piece and notices when the parser
/// reads on and on.
class metered_buffer : public std::streambuf {
public:
  explicit metered_buffer(std::string_view text) {
    // The interface of streams wants a pointer to non-const; reading alone
    // never writes through it.
    auto* begin = const_cast<char*>(text.data());
    setg(begin, begin, begin + text.size());
  }

  void value_seen() noexcept { mark_ = given(); }

protected:
  std::streamsize xsgetn(char* to, std::streamsize want) override {
    if (given() - mark_ > max_lookahead)
      throw stop{{1, 1, "has no value within 4 MiB of text"}};
    return std::streambuf::xsgetn(to, want);
  }

private:
  std::size_t given() const noexcept {
    return static_cast<std::size_t>(gptr() - eback());
  }

  std::size_t mark_ = 0;
};

class tree_builder : public YAML::EventHandler {
public:
  tree_builder(std::string_view text, metered_buffer& source)
      : text_{text}, source_{source} {}

  config_tree take() { return std::move(tree_); }

  /// yaml-cpp takes a quoted scalar for closed when the text ends in it. Only
  /// the last scalar can be that one.
  void check_last_quote() const {
    if (last_quoted_ == nullptr)
      return;
    auto open = last_quoted_at_;
    while (open < text_.size() && (text_[open] == '&' || text_[open] == '!'))
      open = text_.find_first_not_of(" \t\r\n",
                                     text_.find_first_of(" \t\r\n", open));
    const char quote = open < text_.size() ? text_[open] : '\0';
    if (quote != '"' && quote != '\'')
      return; // a block scalar
    for (auto at = open + 1; at < text_.size(); ++at) {
      if (quote == '"' && text_[at] == '\\')
        ++at;
      else if (text_[at] == quote)
        return;
    }
    throw stop{{last_quoted_->line, last_quoted_->column,
                "quoted text without a closing quote"}};
  }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (tree_.root != nullptr)
      halt(mark, "a second YAML document begins here, expected one in a file");
  }

  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    auto& node = make(config_node::kinds::null, mark, anchor);
    place_absent(node, mark);
    attach(node, mark);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    source_.value_seen();
    if (anchor >= anchors_.size() || anchors_[anchor] == nullptr)
      halt(mark, "alias of an unknown anchor");
    if (anchors_[anchor]->open)
      halt(mark, "alias of a value that contains it");
    attach(*anchors_[anchor], mark);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag,
                YAML::anchor_t anchor, const std::string& value) override {
    check_tag(mark, tag);
    auto& node = make(config_node::kinds::scalar, mark, anchor);
    node.text = value;
    node.quoted = tag == "!" || tag == "tag:yaml.org,2002:str";
    last_quoted_ = node.quoted ? &node : nullptr;
    last_quoted_at_ = static_cast<std::size_t>(mark.pos);
    attach(node, mark);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag,
                       YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    check_tag(mark, tag);
    open(make(config_node::kinds::sequence, mark, anchor), mark);
  }

  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag,
                  YAML::anchor_t anchor, YAML::EmitterStyle::value) override {
    check_tag(mark, tag);
    open(make(config_node::kinds::map, mark, anchor), mark);
  }

  void OnMapEnd() override { close(); }

private:
  [[noreturn]] static void halt(const YAML::Mark& mark, std::string message) {
    throw stop{{mark.line + 1, mark.column + 1, std::move(message)}};
  }

  static void check_tag(const YAML::Mark& mark, const std::string& tag) {
    if (!tag.empty() && tag != "?" && tag != "!"
        && !tag.starts_with("tag:yaml.org,2002:"))
      halt(mark, "tags such as \"" + tag.substr(0, 64)
                     + "\" have no meaning in a configuration");
  }

  config_node& make(config_node::kinds kind, const YAML::Mark& mark,
                    YAML::anchor_t anchor) {
    source_.value_seen();
    if (tree_.nodes.size() >= max_config_values)
      halt(mark, too_many());
    auto& node = tree_.nodes.emplace_back();
    node.kind = kind;
    node.line = mark.line + 1;
    node.column = mark.column + 1;
    if (anchor != YAML::NullAnchor) {
      if (anchors_.size() <= anchor)
        anchors_.resize(anchor + 1);
      anchors_[anchor] = &node;
    }
    return node;
  }

  /// The mark of a value that is left out is that of the next token, which may
  /// be lines below. Puts it at its key or its dash.
  void place_absent(config_node& node, const YAML::Mark& mark) const {
    const auto at = static_cast<std::size_t>(mark.pos);
    const bool written = at < text_.size()
                         && (text_[at] == '~' || text_.substr(at, 4) == "null"
                             || text_.substr(at, 4) == "Null"
                             || text_.substr(at, 4) == "NULL");
    if (written || open_.empty())
      return;
    const auto& parent = *open_.back();
    if (parent.is_map() && parent.items.size() % 2 == 1) {
      node.line = parent.items.back()->line;
      node.column = parent.items.back()->column;
    } else if (parent.is_sequence() && at > 0) {
      const auto dash = text_.rfind('-', at - 1);
      if (dash == std::string_view::npos)
        return;
      const auto above = text_.rfind('\n', dash);
      const auto start = above == std::string_view::npos ? 0 : above + 1;
      for (auto next = text_.find('\n', dash);
           next != std::string_view::npos && next < at;
           next = text_.find('\n', next + 1))
        --node.line;
      node.column = static_cast<int>(dash - start) + 1;
    }
  }

  void attach(config_node& node, const YAML::Mark& mark) {
    if (open_.empty()) {
      tree_.root = &node;
      return;
    }
    auto& parent = *open_.back();
    parent.items.push_back(&node);
    parent.values += node.values;
    if (node.height >= parent.height)
      parent.height = node.height + 1;
    if (parent.values > max_config_values)
      halt(mark, too_many());
    if (parent.height > max_config_depth)
      halt(mark, too_deep());
  }

  void open(config_node& node, const YAML::Mark& mark) {
    if (open_.size() >= max_config_depth)
      halt(mark, too_deep());
    node.open = true;
    open_.push_back(&node);
    open_marks_.push_back(mark);
  }

  void close() {
    auto& node = *open_.back();
    const auto mark = open_marks_.back();
    node.open = false;
    open_.pop_back();
    open_marks_.pop_back();
    attach(node, mark);
  }

  std::string_view text_;
  metered_buffer& source_;
  config_tree tree_;
  std::vector<config_node*> anchors_;
  std::vector<config_node*> open_;
  std::vector<YAML::Mark> open_marks_;
  const config_node* last_quoted_ = nullptr;
  std::size_t last_quoted_at_ = 0;
};

void check_brackets(std::string_view text) {
  int depth = 0;
  int line = 1;
  std::size_t line_start = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    switch (text[at]) {
    case '\n':
      ++line;
      line_start = at + 1;
      break;
    case '[':
    case '{':
      if (++depth > max_open_brackets)
        throw stop{{line, static_cast<int>(at - line_start) + 1, too_deep()}};
      break;
    case ']':
    case '}':
      depth -= depth > 0 ? 1 : 0;
      break;
    default:
      break;
    }
  }
}

/// What to add to the parser's message when the text at its mark begins with a
/// character that YAML keeps for itself.
std::string quoting_hint(std::string_view text, int at) {
  auto position = at < 0 ? text.size() : static_cast<std::size_t>(at);
  // After an indicator such as `*` the mark stands behind it.
  for (int back = 0; back < 2 && position < text.size(); ++back, --position) {
    const char first = text[position];
    if (first == '*' || first == '@' || first == '`' || first == '%')
      return std::string{"; put a value that begins with \""} + first
             + "\" in quotes";
    if (position == 0)
      break;
  }
  return {};
}

} // namespace

tl::expected<config_tree, text_fault> parse_config_tree(std::string_view text) {
  auto refuse = [](text_fault fault) {
    return tl::unexpected<text_fault>(std::move(fault));
  };
  try {
    check_brackets(text);
    metered_buffer source{text};
    std::istream in{&source};
    YAML::Parser parser{in};
    tree_builder builder{text, source};
    while (parser.HandleNextDocument(builder)) {
    }
    builder.check_last_quote();
    return builder.take();
  } catch (stop& fault) {
    return refuse(std::move(fault.fault));
  } catch (const YAML::DeepRecursion& fault) {
    return refuse({fault.mark.line + 1, fault.mark.column + 1, too_deep()});
  } catch (const YAML::Exception& fault) {
    return refuse({fault.mark.line + 1, fault.mark.column + 1,
                   "not valid YAML: " + fault.msg.substr(0, 200)
                       + quoting_hint(text, fault.mark.pos)});
  } catch (const std::exception& fault) {
    return refuse({1, 1, std::string{"cannot be parsed: "} + fault.what()});
  }
}

} // namespace jobq
