/// jemalloc's settings in the programs that hold the engine: it reads them when
/// it begins. What a burst leaves free goes back to the system within a second,
/// and by a thread of its own: by default after ten, and never while the
/// program is idle. `MALLOC_CONF` in the environment stands above them.
extern "C" const char* malloc_conf;
const char* malloc_conf = "background_thread:true,dirty_decay_ms:500";
