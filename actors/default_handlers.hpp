#pragma once

#include <exception>
#include <string>

#include <caf/error.hpp>
#include <caf/exit_reason.hpp>
#include <caf/local_actor.hpp>
#include <caf/sec.hpp>

#include "actors/engine.hpp"

namespace jobq {

/// Gives an actor the handlers that CAF would otherwise fill with prints to
/// stdout: an exception ends the actor with its text in the log.
template <class Self>
void set_default_handlers(Self* self, const logger& log, const char* name) {
  self->set_exception_handler([log, name](std::exception_ptr& thrown) {
    std::string what = "unknown exception";
    try {
      std::rethrow_exception(thrown);
    } catch (const std::exception& e) {
      what = e.what();
    } catch (...) {
    }
    if (log)
      log(log_level::error, std::string{name} + " died: " + what);
    return caf::error{caf::sec::runtime_error};
  });
}

} // namespace jobq
