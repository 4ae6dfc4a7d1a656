/** A figure that the program round the app adds to the Prometheus form of `/metrics`. */
export interface Metric {
  /** Without the `execgo_` that every name begins with; lower case, and `_total` at the end of a counter's. */
  readonly name: string;
  /** One line. */
  readonly help: string;
  /** `counter`: only ever grows; `gauge`: goes up and down. */
  readonly type: 'counter' | 'gauge';
  readonly value: number;
}
