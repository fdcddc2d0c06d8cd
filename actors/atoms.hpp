#pragma once

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/atom.hpp>
#include <caf/type_id.hpp>

#include "actors/messages.hpp"

// Every word and every payload that travels between the actors. The block makes
// a forgotten type a compile error; nothing here is ever serialised.
CAF_BEGIN_TYPE_ID_BLOCK(jobq, caf::first_custom_type_id)

CAF_ADD_ATOM(jobq, jobq::atom, collect, "collect")
CAF_ADD_ATOM(jobq, jobq::atom, commit, "commit")
CAF_ADD_ATOM(jobq, jobq::atom, drain, "drain")
CAF_ADD_ATOM(jobq, jobq::atom, end, "end")
CAF_ADD_ATOM(jobq, jobq::atom, give_up, "giveup")
CAF_ADD_ATOM(jobq, jobq::atom, halt, "halt")
CAF_ADD_ATOM(jobq, jobq::atom, meet, "meet")
CAF_ADD_ATOM(jobq, jobq::atom, over, "over")
CAF_ADD_ATOM(jobq, jobq::atom, publish, "publish")
CAF_ADD_ATOM(jobq, jobq::atom, record, "record")
CAF_ADD_ATOM(jobq, jobq::atom, recorded, "recorded")
CAF_ADD_ATOM(jobq, jobq::atom, reload, "reload")
CAF_ADD_ATOM(jobq, jobq::atom, start, "start")
CAF_ADD_ATOM(jobq, jobq::atom, stop, "stop")
CAF_ADD_ATOM(jobq, jobq::atom, toggle, "toggle")
CAF_ADD_ATOM(jobq, jobq::atom, wake, "wake")
CAF_ADD_ATOM(jobq, jobq::atom, want, "want")

CAF_ADD_TYPE_ID(jobq, (jobq::command_batch))
CAF_ADD_TYPE_ID(jobq, (jobq::reply_batch))
CAF_ADD_TYPE_ID(jobq, (jobq::run_batch))
CAF_ADD_TYPE_ID(jobq, (jobq::completion_batch))
CAF_ADD_TYPE_ID(jobq, (jobq::attempt_end_ptr))
CAF_ADD_TYPE_ID(jobq, (jobq::end_batch_ptr))
CAF_ADD_TYPE_ID(jobq, (jobq::stop_order))
CAF_ADD_TYPE_ID(jobq, (jobq::time_point))
CAF_ADD_TYPE_ID(jobq, (jobq::outcome))
CAF_ADD_TYPE_ID(jobq, (jobq::config_ptr))
CAF_ADD_TYPE_ID(jobq, (jobq::switch_order))

CAF_END_TYPE_ID_BLOCK(jobq)

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(jobq::command_batch)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(jobq::reply_batch)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(jobq::run_batch)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(jobq::completion_batch)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(jobq::attempt_end_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(jobq::end_batch_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(jobq::stop_order)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(jobq::time_point)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(jobq::outcome)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(jobq::config_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(jobq::switch_order)
