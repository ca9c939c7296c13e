// All tools of the server. A new one is a file beside this one and a line or two here.
#pragma once

#include <array>

#include "server/tool.h"

namespace gauntlet::server {

extern const Tool kEcho;
extern const Tool kSleep;
extern const Tool kCpu;
extern const Tool kPayload;
extern const Tool kFail;
extern const Tool kStream;
extern const Tool kProgress;
extern const Tool kCounter;

inline constexpr std::array kAllTools = {&kEcho, &kSleep,  &kCpu,      &kPayload,
                                         &kFail, &kStream, &kProgress, &kCounter};

}  // namespace gauntlet::server
