// Which scenarios of the official suites must be green. The lists are ours, so that one that a
// suite no longer runs is missed.
const words = (text) => text.split(/\s+/).filter(Boolean);

const of_both_eras = words(`
  completion-complete tools-list tools-call-simple-text tools-call-image tools-call-audio
  tools-call-embedded-resource tools-call-mixed-content tools-call-error tools-call-with-progress
  server-sse-multiple-streams resources-list resources-read-text resources-read-binary
  resources-templates-read prompts-list prompts-get-simple prompts-get-with-args
  prompts-get-embedded-resource prompts-get-with-image dns-rebinding-protection`);

const stateful = words(`
  server-initialize logging-set-level ping tools-call-with-logging tools-call-sampling
  tools-call-elicitation elicitation-sep1034-defaults elicitation-sep1330-enums
  resources-subscribe resources-unsubscribe`);

const stateless = words(`
  server-stateless sep-2164-resource-not-found caching
  input-required-result-basic-elicitation input-required-result-basic-sampling
  input-required-result-basic-list-roots input-required-result-request-state
  input-required-result-multiple-input-requests input-required-result-multi-round
  input-required-result-missing-input-response input-required-result-non-tool-request
  input-required-result-result-type input-required-result-unsupported-methods
  input-required-result-tampered-state input-required-result-capability-check
  input-required-result-ignore-extra-params input-required-result-validate-input`);

// The extension io.modelcontextprotocol/tasks, which no requirement set scores.
const tasks = words(`
  tasks-lifecycle tasks-capability-negotiation tasks-wire-fields tasks-request-state-removal
  tasks-mrtr-input tasks-request-headers tasks-dispatch-and-envelope tasks-required-task-error
  tasks-mrtr-composition`);

// All of 0.1.16, and without a score in 0.2.
const pending = words('json-schema-2020-12 server-sse-polling');

export const suites = [
  {
    name: 'conformance 0.1.16, all',
    npm: 'conformance-0.1',
    options: ['--suite', 'all'],
    revision: '2025-11-25',
    scenarios: [...of_both_eras, ...stateful, ...pending],
    unscored: [],
    count: 32,
  },
  {
    name: 'conformance 0.2, requirements of 2025-11-25',
    npm: 'conformance-0.2',
    options: ['--requirements', '2025-11-25'],
    revision: '2025-11-25',
    scenarios: [...of_both_eras, ...stateful],
    unscored: [...pending, 'server-session-lifecycle'],
    count: 30,
  },
  {
    name: 'conformance 0.2, requirements of 2026-07-28',
    npm: 'conformance-0.2',
    options: ['--requirements', '2026-07-28'],
    revision: '2026-07-28',
    scenarios: [...of_both_eras, ...stateless],
    unscored: [
      'json-schema-2020-12', 'http-header-validation', 'http-custom-header-server-validation', ...tasks,
    ],
    // It has no check for it yet; test/peers/tasks_test.mjs has.
    skipped: ['tasks-status-notifications'],
    count: 37,
  },
];
