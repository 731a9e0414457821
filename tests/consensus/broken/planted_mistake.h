// The mistake that quorum.cc of this folder was compiled with; 0: none, the control.
#pragma once

namespace daftar::consensus::test {

extern const int planted_mistake;

}  // namespace daftar::consensus::test
