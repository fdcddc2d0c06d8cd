#include "extensions/core/batches.hpp"

namespace jobq {

std::string moment_before(const core_call& call, milliseconds age) {
  return format_utc(call.context.started_at() - age);
}

bool in_batches(core_call& call, const std::function<bool()>& batch) {
  for (bool more = true; more;) {
    if (call.context.stop_requested())
      return false;
    more = batch();
  }
  return true;
}

bool delete_rows(core_call& call, const delete_step& step,
                 std::int64_t& count) {
  if (!call.context.enforce()) {
    if (call.context.stop_requested())
      return false;
    count += call.db.number("SELECT COUNT(*) FROM " + step.table + " WHERE "
                                + step.condition,
                            step.parameters);
    return true;
  }
  auto sql = "DELETE FROM " + step.table + " WHERE " + step.key + " IN (SELECT "
             + step.key + " FROM " + step.table + " WHERE " + step.condition
             + " LIMIT :limit)";
  auto parameters = step.parameters;
  parameters.emplace_back("limit", batch_rows);
  return in_batches(call, [&] {
    std::int64_t deleted = 0;
    call.db.transact([&] {
      deleted = static_cast<std::int64_t>(call.db.execute(sql, parameters));
    });
    count += deleted;
    return deleted == batch_rows;
  });
}

} // namespace jobq
