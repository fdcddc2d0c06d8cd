#include "extensions/command/spawn.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <utility>

#include "extensions/command/environment.hpp"

namespace jobq {

namespace {

constexpr int first_free = control_descriptor + 1;

/// The actions and attributes of a process to be; frees what they hold.
class plan {
public:
  plan() {
    note(::posix_spawn_file_actions_init(&actions_));
    note(::posix_spawnattr_init(&attributes_));
  }
  plan(const plan&) = delete;
  plan& operator=(const plan&) = delete;
  ~plan() {
    ::posix_spawn_file_actions_destroy(&actions_);
    ::posix_spawnattr_destroy(&attributes_);
  }

  /// Opens `from` as `to` in the process. All that comes in is moved out of the
  /// way first: then no number is taken by one before it was copied for
  /// another, and none is copied to itself, which would leave it close-on-exec.
  void connect(descriptor from, int to) {
    auto moved = clear_of_standard(std::move(from));
    if (!moved) {
      note(errno);
      return;
    }
    note(::posix_spawn_file_actions_adddup2(&actions_, moved.get(), to));
    kept_.push_back(std::move(moved));
  }

  /// The same of a descriptor that stays with its owner.
  void connect_copy(int from, int to) {
    descriptor copy{::fcntl(from, F_DUPFD_CLOEXEC, first_free)};
    if (copy)
      connect(std::move(copy), to);
    else
      note(errno);
  }

  void start_in(int directory) {
    note(::posix_spawn_file_actions_addfchdir_np(&actions_, directory));
  }

  /// Comes last. Ours are close-on-exec, but a library's may not be.
  void close_the_rest() {
    note(::posix_spawn_file_actions_addclosefrom_np(&actions_, first_free));
  }

  void lead_a_group_with_plain_signals() {
    sigset_t all;
    sigset_t none;
    ::sigfillset(&all);
    ::sigemptyset(&none);
    note(::posix_spawnattr_setsigdefault(&attributes_, &all));
    note(::posix_spawnattr_setsigmask(&attributes_, &none));
    note(::posix_spawnattr_setpgroup(&attributes_, 0));
    note(::posix_spawnattr_setflags(
        &attributes_, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF
                          | POSIX_SPAWN_SETSIGMASK));
  }

  int carry_out(const spawn_request& what, pid_t& id) {
    if (fault_ != 0)
      return fault_;
    auto argv = pointers(what.argv);
    auto environment = pointers(what.environment);
    return ::posix_spawn(&id, what.file.c_str(), &actions_, &attributes_,
                         argv.data(), environment.data());
  }

private:
  void note(int code) {
    if (fault_ == 0)
      fault_ = code;
  }

  /// posix_spawn takes pointers to char, and writes to none of them.
  static std::vector<char*> pointers(const std::vector<std::string>& texts) {
    std::vector<char*> made;
    made.reserve(texts.size() + 1);
    for (const auto& each : texts)
      made.push_back(const_cast<char*>(each.c_str()));
    made.push_back(nullptr);
    return made;
  }

  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
  std::vector<descriptor> kept_; ///< until the process has its copies
  int fault_ = 0;                ///< the first one
};

} // namespace

int spawn(const spawn_request& what, pid_t& id) {
  descriptor nothing{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
  if (!nothing)
    return errno;
  plan steps;
  steps.connect(std::move(nothing), STDIN_FILENO);
  steps.connect_copy(what.output, STDOUT_FILENO);
  steps.connect_copy(what.error, STDERR_FILENO);
  steps.connect_copy(what.control, control_descriptor);
  steps.start_in(what.directory);
  steps.close_the_rest();
  steps.lead_a_group_with_plain_signals();
  return steps.carry_out(what, id);
}

descriptor clear_of_standard(descriptor from) {
  if (!from || from.get() >= first_free)
    return from;
  return descriptor{::fcntl(from.get(), F_DUPFD_CLOEXEC, first_free)};
}

} // namespace jobq
