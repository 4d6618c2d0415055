#include "gapstow/serve/proofs.h"

#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <thread>

#include "gapstow/base/cancel.h"
#include "gapstow/base/error.h"

namespace gapstow::serve {
namespace {

constexpr int kNiceness = 15;
/// Of a file that somebody writes all the time nobody waits for the end.
constexpr unsigned kMostRepeats = 3;

/// One payload entry and those who wait for it.
struct Entry {
  enum class State { unknown, running, known };
  State state = State::unknown;
  Proof proof;
  unsigned repeats = 0;  ///< because the file had changed by the end
  std::vector<Proofs::Then> waiting;
};

/// The payload of one bundle.
struct Board {
  explicit Board(Proofs::Bundle held) : bundle(std::move(held)) {
    const auto& statement = bundle->bundle().statement();
    first = statement.metadata_entries;
    entries.resize(statement.entries.size() - first);
  }
  /// What an earlier board has found out about the same files.
  void take_over(const Board& other) {
    if (other.bundle->outcome().bundle_id != bundle->outcome().bundle_id) return;
    const base::FileStamp stamp = bundle->bundle().file()->stamp();
    for (std::size_t i = 0; i < entries.size(); ++i) {
      const Entry& known = other.entries[i];
      if (known.state != Entry::State::known || !known.proof.holds || known.proof.stamp != stamp) continue;
      entries[i].state = Entry::State::known;
      entries[i].proof = known.proof;
    }
  }
  std::uint64_t size_of(std::size_t index) const { return bundle->bundle().statement().entries[first + index].size; }

  Proofs::Bundle bundle;
  std::size_t first = 0;  ///< payload entry of the bundle
  std::size_t next = 0;   ///< where the background goes on
  std::vector<Entry> entries;
};

/// What a thread does. One does not begin with what nobody waits for: it may be large.
enum class Work { all, urgent };

struct Task {
  std::shared_ptr<Board> board;
  std::size_t index = 0;
};

/// File systems tell time in ticks of some milliseconds: a write in the tick of the one before leaves the same stamp.
/// What was written just now is left to settle.
void let_settle(const base::FileStamp& stamp) {
  constexpr std::chrono::milliseconds kTicks{50};
  const std::chrono::system_clock::time_point changed{
      std::chrono::duration_cast<std::chrono::system_clock::duration>(std::chrono::nanoseconds(stamp.changed))};
  const auto age = std::chrono::system_clock::now() - changed;
  if (age > -kTicks && age < kTicks) std::this_thread::sleep_for(kTicks);
}

Proof prove(const Board& board, std::size_t index, const base::CancelToken& cancel) {
  base::FileStamp stamp;
  try {
    stamp = board.bundle->bundle().file()->stamp();
    let_settle(stamp);
    return {true, board.bundle->bundle().prove(board.first + index, &cancel), {}};
  } catch (const base::Error& error) {
    return {false, stamp, error.line()};
  } catch (const std::exception& error) {
    return {false, stamp, error.what()};
  }
}

/// Whether what was found out is about the file as it is now.
bool is_current(const Board& board, const Proof& proof) {
  try {
    return board.bundle->bundle().file()->stamp() == proof.stamp;
  } catch (const base::Error&) {
    return true;  // who reads it will see
  }
}

}  // namespace

struct Proofs::Machine {
  mutable std::mutex mutex;
  std::condition_variable work;
  std::map<const transfer::HeldBundle*, std::shared_ptr<Board>> boards;
  std::deque<Task> urgent;
  bool stopping = false;
  base::CancelToken cancel;
  Damaged damaged;
  std::vector<std::jthread> threads;

  std::optional<Task> take_urgent() {
    while (!urgent.empty()) {
      Task task = std::move(urgent.front());
      urgent.pop_front();
      if (task.board->entries[task.index].state == Entry::State::unknown) return task;
    }
    return std::nullopt;
  }

  std::optional<Task> take_next() {
    for (const auto& [held, board] : boards) {
      for (; board->next < board->entries.size(); ++board->next) {
        if (board->entries[board->next].state == Entry::State::unknown) return Task{board, board->next++};
      }
    }
    return std::nullopt;
  }

  void run(Work kind) {
    setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), kNiceness);
    std::unique_lock lock(mutex);
    while (!stopping) {
      std::optional<Task> task = take_urgent();
      if (!task && kind == Work::all) task = take_next();
      if (!task) {
        work.wait(lock);
        continue;
      }
      Entry& entry = task->board->entries[task->index];
      entry.state = Entry::State::running;
      lock.unlock();
      Proof proof = prove(*task->board, task->index, cancel);
      const bool is_of_now = is_current(*task->board, proof);
      lock.lock();
      if (!is_of_now && !entry.waiting.empty() && ++entry.repeats <= kMostRepeats) {
        // Some of those who wait may have come after the file was changed.
        entry.state = Entry::State::unknown;
        urgent.push_front(std::move(*task));
        continue;
      }
      entry.repeats = 0;
      entry.proof = proof;
      entry.state = Entry::State::known;
      std::vector<Then> waiting = std::move(entry.waiting);
      entry.waiting.clear();
      lock.unlock();
      if (!proof.holds) tell(*task, proof);
      for (const auto& then : waiting) then(proof);
      waiting.clear();
      task.reset();
      lock.lock();
    }
  }

  void tell(const Task& task, const Proof& proof) const {
    if (!damaged || cancel.cancelled()) return;  // broken off, nothing was found out
    damaged(*task.board->bundle, task.board->first + task.index, proof);
  }

  std::shared_ptr<Board> board_of(const Bundle& bundle) {
    const auto found = boards.find(bundle.get());
    return found != boards.end() ? found->second : nullptr;
  }
};

Proofs::Proofs(unsigned threads, Damaged damaged) : machine_(std::make_unique<Machine>()) {
  machine_->damaged = std::move(damaged);
  for (unsigned i = 0; i < std::max(threads, 1U); ++i) {
    machine_->threads.emplace_back([this] { machine_->run(Work::all); });
  }
  machine_->threads.emplace_back([this] { machine_->run(Work::urgent); });
}

Proofs::~Proofs() {
  {
    const std::lock_guard lock(machine_->mutex);
    machine_->stopping = true;
    machine_->cancel.cancel();
  }
  machine_->work.notify_all();
  machine_->threads.clear();
}

void Proofs::set(const std::vector<Bundle>& bundles) {
  std::map<const transfer::HeldBundle*, std::shared_ptr<Board>> boards;
  {
    const std::lock_guard lock(machine_->mutex);
    for (const auto& bundle : bundles) {
      auto board = std::make_shared<Board>(bundle);
      for (const auto& [held, known] : machine_->boards) board->take_over(*known);
      boards.emplace(bundle.get(), std::move(board));
    }
    machine_->boards.swap(boards);
  }
  machine_->work.notify_all();
}

void Proofs::when_known(const Bundle& bundle, std::size_t entry, Then then) {
  const base::FileStamp now = bundle->bundle().file()->stamp();
  std::optional<Proof> known;
  {
    const std::lock_guard lock(machine_->mutex);
    auto board = machine_->board_of(bundle);
    if (!board) board = std::make_shared<Board>(bundle);
    Entry& at = board->entries.at(entry - board->first);
    const bool is_stale = at.proof.stamp != now;
    if (at.state == Entry::State::known && !is_stale) {
      known = at.proof;
    } else {
      if (at.state == Entry::State::known) at.state = Entry::State::unknown;
      at.waiting.push_back(std::move(then));
      if (at.state == Entry::State::unknown) machine_->urgent.push_back({board, entry - board->first});
    }
  }
  if (known) return then(*known);
  machine_->work.notify_all();
}

std::optional<Proof> Proofs::look(const Bundle& bundle, std::size_t entry) const {
  const base::FileStamp now = bundle->bundle().file()->stamp();
  const std::lock_guard lock(machine_->mutex);
  const auto board = machine_->board_of(bundle);
  if (!board) return std::nullopt;
  const Entry& at = board->entries.at(entry - board->first);
  const bool is_known = at.state == Entry::State::known && at.proof.stamp == now;
  return is_known ? std::optional(at.proof) : std::nullopt;
}

ProofProgress Proofs::progress() const {
  const std::lock_guard lock(machine_->mutex);
  ProofProgress all;
  for (const auto& [held, board] : machine_->boards) {
    for (std::size_t i = 0; i < board->entries.size(); ++i) {
      const Entry& entry = board->entries[i];
      ++all.entries;
      all.bytes += board->size_of(i);
      if (entry.state != Entry::State::known) continue;
      ++(entry.proof.holds ? all.proven : all.damaged);
      if (entry.proof.holds) all.proven_bytes += board->size_of(i);
    }
  }
  return all;
}

}  // namespace gapstow::serve
