// Expected<T, E>: a value or the reason there is none. An alias, so that the day std::expected can be used one line changes.
#pragma once
#include <tl/expected.hpp>

namespace daftar {

template <class T, class E>
using Expected = tl::expected<T, E>;

template <class E>
using Unexpected = tl::unexpected<E>;

}  // namespace daftar
