// What an operator sees of a node in `top -H` and a profiler in its samples.
#pragma once
#include <pthread.h>

namespace daftar::node {

/// At most 15 characters (pthread_setname_np); of no consequence when the system declines.
inline void name_this_thread(const char* name) { static_cast<void>(pthread_setname_np(pthread_self(), name)); }

}  // namespace daftar::node
