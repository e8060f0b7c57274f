/* Whether a test may limit the address space: sanitizers reserve more than any limit would leave.
 */
#ifndef FINWAIT_ANALYZER_FLOW_TEST_LIMIT_H
#define FINWAIT_ANALYZER_FLOW_TEST_LIMIT_H

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

#endif
