// The one translation unit of Asio and Beast: whoever links daftar_asio reads declarations, and this is where the bodies are.
#include <boost/asio/impl/src.hpp>
#include <boost/asio/ssl/impl/src.hpp>
#include <boost/beast/src.hpp>
