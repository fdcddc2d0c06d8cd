#include "tests/extensions/command_fixture.hpp"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>

namespace jobq::test {

output_file::output_file() {
  std::string name = testing::TempDir() + "jobq-output-XXXXXX";
  int opened = ::mkostemp(name.data(), O_CLOEXEC);
  EXPECT_GE(opened, 0);
  // Out of the way of tests that close low numbers.
  number_ = ::fcntl(opened, F_DUPFD_CLOEXEC, 50);
  ::close(opened);
  ::unlink(name.c_str());
}

output_file::~output_file() {
  ::close(number_);
}

std::string output_file::text() const {
  std::string made;
  std::array<char, 4096> part{};
  for (;;) {
    auto count = ::pread(number_, part.data(), part.size(),
                         static_cast<off_t>(made.size()));
    if (count <= 0)
      return made;
    made.append(part.data(), static_cast<std::size_t>(count));
  }
}

command_folder::command_folder() {
  path_ = testing::TempDir() + "jobq-command-XXXXXX";
  EXPECT_NE(::mkdtemp(path_.data()), nullptr);
}

command_folder::~command_folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string command_folder::write(const std::string& name,
                                  const std::string& text,
                                  bool executable) const {
  auto file = path_ + "/" + name;
  std::ofstream{file} << text;
  EXPECT_EQ(::chmod(file.c_str(), executable ? 0755 : 0644), 0);
  return file;
}

} // namespace jobq::test
