#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <utility>

namespace jobq {

namespace detail {

/// What a container's elements are named by.
template <class Container>
struct index_of {
  using type = typename Container::size_type;
};
template <class Container>
requires requires {
  typename Container::key_type;
}
struct index_of<Container> {
  using type = typename Container::key_type;
};

} // namespace detail

/// A container as a value whose copies share one memory until one of them is
/// changed: a run is copied at every step of its life, and what it carries
/// changes at hardly any of them. Copies may be used by different threads.
/// Iteration never changes; `edit` and `[]` on what is not const may.
template <class Container>
class shared {
public:
  using value_type = typename Container::value_type;
  using index = typename detail::index_of<Container>::type;

  shared() = default;
  shared(Container value) { edit() = std::move(value); }
  shared(std::initializer_list<value_type> values) { edit() = values; }
  shared(const shared& other) noexcept : box_{other.box_} {
    if (box_)
      box_->owners.fetch_add(1, std::memory_order_relaxed);
  }
  shared(shared&& other) noexcept : box_{std::exchange(other.box_, nullptr)} {}
  shared& operator=(shared other) noexcept {
    std::swap(box_, other.box_);
    return *this;
  }
  ~shared() {
    if (box_ && box_->owners.fetch_sub(1, std::memory_order_acq_rel) == 1)
      delete box_;
  }

  const Container& get() const noexcept {
    static const Container none;
    return box_ ? box_->value : none;
  }
  operator const Container&() const noexcept { return get(); }

  /// The container to be changed: this value's alone from here on.
  Container& edit() {
    if (!box_)
      box_ = new box;
    else if (box_->owners.load(std::memory_order_acquire) != 1)
      *this = shared{new box{box_->value}};
    return box_->value;
  }

  auto begin() const noexcept { return get().begin(); }
  auto end() const noexcept { return get().end(); }
  std::size_t size() const noexcept { return get().size(); }
  bool empty() const noexcept { return get().empty(); }
  const auto& back() const { return get().back(); }

  const auto& at(const index& key) const { return get().at(key); }
  decltype(auto) operator[](const index& key) { return edit()[key]; }
  decltype(auto) operator[](const index& key) const { return get()[key]; }

  friend bool operator==(const shared& a, const shared& b) {
    return a.box_ == b.box_ || a.get() == b.get();
  }

private:
  struct box {
    Container value;
    std::atomic<std::uint32_t> owners{1};
  };

  explicit shared(box* made) noexcept : box_{made} {}

  box* box_ = nullptr;
};

} // namespace jobq
