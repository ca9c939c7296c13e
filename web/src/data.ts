// The document that a page shows, as src/report/page.cc and live_feed.cc write it. Times are seconds since the
// load began; null is "no value". Facts are those of summary.json (src/report/summary.schema.json).

export type Value = number | null;

export interface Check { metric: string; verdict: string; observed: string; limit: string; reason: string | null }
export interface Test {
  name: string; verdict: string; evidence: string; reason: string | null; checks: Check[];
}
export interface Times {
  count: number; p50: Value; p90: Value; p95: Value; p99: Value; p999: Value; max: Value; mean: Value;
}
export interface Phase { name: string; measured: boolean; start_s: Value; duration_s: number }
export interface Recovery {
  status: string; metastable: boolean; since_start_s: Value; since_end_s: Value; censored_s: Value;
  relapses: number; baseline_goodput_per_s: Value;
}
export interface Analysis {
  end_s: Value; looked_until_s: Value; detected_s: Value; detected_by: string | null; recovery: Recovery;
  impact: { throughput_lost: Value; depth: Value; error_rate: Value; peak_error_rate: Value; attempts_per_message: Value };
  reconnects: { victims: number; back: number; p50_s: Value; max_s: Value };
}
export interface Fault {
  id: string; kind: string; occurrence: number; skipped: string | null; start_s: number; end_s: number;
  victims: number; reconnected: number; last_reconnect_s: number; has_evidence: boolean;
  evidence: Record<string, string>; analysis: Analysis | null;
}
export interface Seen { value: Value; low: Value; high: Value }
export interface SelfCheck {
  trusted: boolean; reasons: string[];
  send_lag_ms: { p50: Value; p95: Value; p99: Value; max: Value };
  offered_per_s: Value; dispatched_per_s: Value; achieved_share: Value;
  cpu_busiest_thread: Value; run_queue_delay_share: Value; steal_share: Value;
  target_wait_share: Value; others_cpu_share: Value; machine_busy: string | null; floor_share: Value;
  threads: { name: string; cpu: Value; run_queue_delay_share: Value }[];
  probe: {
    connections: number; completed: number; unjudged: string | null;
    service_time_ms: Record<string, { load: Seen; probe: Seen; allowed_apart: Value; agrees: boolean | null }>;
  };
}
export interface Level {
  name: string; model: string; connections: number; burst: number; judged: boolean; trusted: boolean;
  offered_per_s: Value; achieved_per_s: Value; response_time_ms: { p50: Value; p95: Value; p99: Value; max: Value };
  error_rate: Value; target_memory_mb: Value; target_cpu: Value; floor_per_s: Value; floor_share: Value;
}
export interface Step { load: number; kept: boolean; gave_way: { who: string; reason: string | null }; result: Level }
export interface Capacity {
  of: string; text: string; estimate: Seen | null; steps: Step[]; hold: Step | null; notes: string[]; lost: string | null;
}
// An hour of a long run, or a tenth of a shorter one.
export interface Slice {
  start_s: number; end_s: number; gap_s: number; scheduled: number; completed: number; errors: Record<string, number>;
  response_time_ms: Times; pause_max_ms: Value; target_memory_mb: Value; target_descriptors: Value; target_threads: Value;
}
// A time without Gauntlet, after which the run was resumed.
export interface Gap { start_s: number; end_s: number; phase: string | null; undecided: number; how: string }
// An entry of a mix of more than one, in the measured phase.
export interface Operation { name: string; scheduled: number; completed: number; errors: number; response_time_ms: Times }
export interface Facts {
  run: {
    id: string; suite: string; mode: string; seed: string; repro: string; started_at: string;
    duration_s: number; interrupted: boolean; died: boolean; gaps: Gap[];
  };
  tool: { name: string; version: string };
  host: { cpu_model: string; cores: number; kernel: string; memory_bytes: number; loop_backend: string };
  target: {
    url: string; protocol: string; transport: string; server_info: { name: string; version: string };
    pid: number | null; own_server: boolean; answers: string | null; exited: boolean; exit: string | null;
  };
  load: {
    model: string; connections: number; burst: number; pipeline: number; offered_per_s: Value; achieved_per_s: Value;
    connections_peak: number; scheduled: number; completed: number; messages_per_write: Value; nonce_verified: boolean;
  };
  clients: {
    connects: number; drops: number; sessions_opened: number; sessions_kept: number; sessions_lost: number;
    longest_outage_ms: { count: number; p50: Value; p99: Value; max: Value };
  };
  errors: Record<string, number>;
  response_time_ms: Times;
  service_time_ms: Times;
  target_memory_mb: { start: Value; peak: Value; end: Value; samples: number; proportional_peak: Value; reason: string | null };
  self_check: SelfCheck;
  floor: { messages_per_s: Value; message_bytes: number; burst_ms: { p50: Value; p99: Value }; share: Value } | null;
  phases: Phase[];
  faults: Fault[];
  lab: { used: boolean; reason: string | null; tcp: string | null };
  operations: Operation[];
  slices: Slice[];
  levels: Level[];
  capacity: Capacity | null;
  tests: Test[];
  verdict: string;
}

// Columns of equal length. Where `merged` is above 1, each two rows stand for that many samples: the
// least and the most of each column, in the order in which they came.
export interface Table { merged: number; t: number[]; columns: Record<string, Value[]> }

export interface HeatColumn { from: number; to: number; cells: number[] }  // bin, count, bin, count, …
export interface Heat { edges_ms: number[]; columns: HeatColumn[] }
// x is 1 / (1 - quantile).
export interface PercentileCurve { x: number[]; response: Value[]; low: Value[]; high: Value[]; service: Value[] }
// Runs of cells: row, first column, last column, clients without a connection, of them for good.
export interface Strip { clients: number; rows: number; columns: number; length_s: number; cells: number[] }

export interface Part {
  name: string;
  facts: Facts | null;  // null: those of the whole run
  seconds: Table;
  memory: Table;
  cores: Table;
  heat: Heat | null;
  curve: PercentileCurve | null;
  strip: Strip | null;
}

export interface ScalingCurve {
  title: string;
  levels: { name: string; connections: number; achieved_per_s: number; trusted: boolean; judged: boolean }[];
  law: { n: number[]; x: Value[]; low: Value[]; high: Value[]; n_max: number; peak: Value; words: string } | null;
}

export interface Page {
  schema: string;
  live: { t: number; level: string | null } | null;  // level 2 of 6: name
  over?: { report: string | null; more: boolean };  // the last that a live page hears of a run
  facts: Facts;
  parts: Part[];
  scaling: ScalingCurve[];
}

// What the live page hears once a second: a row of each table that has one.
export interface LiveSecond {
  t: number;
  seconds: Record<string, Value>;
  memory: Record<string, Value> | null;
  cores: Record<string, Value> | null;
  heat: HeatColumn | null;
  facts: Partial<Facts>;  // the measured phase so far
}
