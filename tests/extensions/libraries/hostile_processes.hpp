// Acts of the hostile library on processes: more of them, and their wardens.
#pragma once

#include <jobq_extension.hpp>

namespace hostile {

using namespace jobq::extension;

/// As many as there may be.
result open_files(context&);

result fork_bomb(context& run);
result hop_pids(context& run);
result hop_pids_and_die(context& run);
result fork_with_files_open(context& run);
result count_forks(context& run);
result daemonize(context& run);
result daemonize_and_die(context& run);
result stop_warden(context& run);
result stop_warden_and_die(context& run);
result kill_warden_at_sigterm(context& run);
result kill_warden(context& run);
result bomb_and_stop_warden(context& run);
result daemonize_and_kill_warden(context& run);

} // namespace hostile
