/**
 * A receiver of OTLP/HTTP metrics in JSON that is stricter than a Collector: where the protocol has a receiver pass over
 * what it doesn't know, this one refuses it, so that nothing goes along unnoticed.
 * https://github.com/open-telemetry/opentelemetry-proto/blob/main/docs/specification.md
 */
import * as z from 'zod/mini';
import { type Arrived, type Judged, jsonOf, type Receiver, type ReceiverOptions, receive, textOf } from './tls';

const int64Max = 2n ** 63n - 1n;
const uint64Max = 2n ** 64n - 1n;
/** 64-bit numbers as decimal texts in their shortest form. */
const int64 = z.string().check(
  z.regex(/^(?:0|-?[1-9]\d{0,18})$/),
  z.refine((raw) => BigInt(raw) <= int64Max && BigInt(raw) >= -int64Max - 1n, 'not within 64 bits'),
);
const nanoTime = z.string().check(
  z.regex(/^[1-9]\d{0,19}$/),
  z.refine((raw) => BigInt(raw) <= uint64Max, 'not within 64 bits'),
);

const anyValue = z.union([
  z.strictObject({ stringValue: z.string() }),
  z.strictObject({ boolValue: z.boolean() }),
  z.strictObject({ intValue: int64 }),
  z.strictObject({ doubleValue: z.number() }),
]);
const attributes = z
  .array(z.strictObject({ key: z.string().check(z.minLength(1)), value: anyValue }))
  .check(z.refine((all) => new Set(all.map(({ key }) => key)).size === all.length, 'a key comes twice'));

const pointTimes = {
  attributes: z.optional(attributes),
  startTimeUnixNano: nanoTime,
  timeUnixNano: nanoTime,
  flags: z.optional(z.number().check(z.int(), z.nonnegative(), z.maximum(1))),
};
const dataPoint = z
  .union([z.strictObject({ ...pointTimes, asInt: int64 }), z.strictObject({ ...pointTimes, asDouble: z.number() })])
  .check(z.refine((point) => BigInt(point.startTimeUnixNano) <= BigInt(point.timeUnixNano), 'ends before it starts'));

const sum = z
  .strictObject({
    dataPoints: z.array(dataPoint).check(z.minLength(1)),
    // An enum is a number in OTLP's JSON: 1 is a delta, 2 is cumulative, and 0 must not be sent.
    aggregationTemporality: z.union([z.literal(1), z.literal(2)]),
    isMonotonic: z.boolean(),
  })
  .check(
    z.refine(
      ({ isMonotonic, dataPoints }) =>
        !isMonotonic || dataPoints.every((point) => Number('asInt' in point ? point.asInt : point.asDouble) >= 0),
      'a monotonic sum goes down',
    ),
  );

/** Sums are all that Cloudopt sends; other kinds of metrics are refused. */
const metric = z.strictObject({
  name: z.string().check(z.regex(/^[A-Za-z][\w./-]{0,254}$/)),
  description: z.optional(z.string()),
  unit: z.optional(z.string().check(z.maxLength(63))),
  sum,
});

const metricsRequest = z.strictObject({
  resourceMetrics: z
    .array(
      z.strictObject({
        resource: z.strictObject({
          attributes: attributes.check(
            z.refine((all) => all.some(({ key }) => key === 'service.name'), 'no service.name'),
          ),
        }),
        scopeMetrics: z
          .array(
            z.strictObject({
              scope: z.strictObject({ name: z.string().check(z.minLength(1)), version: z.optional(z.string()) }),
              metrics: z
                .array(metric)
                .check(z.refine((all) => new Set(all.map(({ name }) => name)).size === all.length, 'a name twice')),
            }),
          )
          .check(z.minLength(1)),
      }),
    )
    .check(z.minLength(1)),
});
export type MetricsRequest = z.infer<typeof metricsRequest>;

/** Whether these bytes are a metrics request. */
export function readMetrics(body: Buffer): Judged<MetricsRequest> {
  const text = textOf(body);
  if (text === undefined) return { kind: 'invalid', why: 'not UTF-8' };
  const json = jsonOf(text);
  if (json === undefined) return { kind: 'invalid', why: 'not JSON' };
  const parsed = metricsRequest.safeParse(json);
  return parsed.success
    ? { kind: 'valid', report: parsed.data }
    : { kind: 'invalid', why: z.prettifyError(parsed.error) };
}

/** Starts a receiver for `https://HOST:PORT/v1/metrics`. */
export const start = (options: ReceiverOptions): Promise<Receiver<MetricsRequest>> =>
  receive(
    {
      type: 'application/json',
      path: /^\/v1\/metrics$/,
      judge: ({ body }: Arrived) => readMetrics(body),
      accepted: () => ({}),
      refused: (message) => ({ message }),
    },
    options,
  );
