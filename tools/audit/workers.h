// Threads that do what they are given, in the order in which it was given. Who gives bounds how much waits.
#pragma once
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace daftar::audit {

class Workers {
 public:
  explicit Workers(unsigned threads) {
    for (unsigned n = 0; n < threads; ++n) threads_.emplace_back([this] { run(); });
  }
  /// What has not begun is forgotten.
  ~Workers() {
    {
      const std::lock_guard lock(mutex_);
      over_ = true;
      jobs_.clear();
    }
    given_.notify_all();
    for (auto& thread : threads_) thread.join();
  }
  Workers(const Workers&) = delete;
  void give(std::function<void()> job) {
    {
      const std::lock_guard lock(mutex_);
      jobs_.push_back(std::move(job));
    }
    given_.notify_one();
  }

 private:
  void run() {
    for (;;) {
      std::unique_lock lock(mutex_);
      given_.wait(lock, [this] { return over_ || !jobs_.empty(); });
      if (over_) return;
      const auto job = std::move(jobs_.front());
      jobs_.pop_front();
      lock.unlock();
      job();
    }
  }

  std::mutex mutex_;
  std::condition_variable given_;
  std::deque<std::function<void()>> jobs_;
  bool over_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace daftar::audit
