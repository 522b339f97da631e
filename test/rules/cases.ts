/**
 * The behavioural cases of the runtime: facts read in the test suites of CPython's asyncio, Trio, AnyIO, kotlinx.coroutines,
 * effection, Effect, cockatiel, p-retry and p-queue, by the id of their row. Each has a test whose name begins with it.
 *
 * The letter says the section: A tasks, B groups, C scopes and shields, D timeouts, E waitFor, F gather and wait, G shield,
 * H locks, I queues, J streams, K resilience, L resources, M threads, N context, O run and shutdown, P debug and tests,
 * Q observers.
 */

/** Held as the peer holds it. */
export const ADOPTED = ids(`
  A01 A02 A06 A07 A09 A10 A12 A14 A16 A17 A22 A28 A30 A31 A33 A37 A39 A40 A43 A44 B01 B02 B04 B05 B07 B08 B10
  B11 B13 B16 B17 B19 B20 B22 B25 B26 B28 B29 B31 B32 B34 B35 B38 B40 B43 B44 B46 B47 B49 B50 B52 B53 B55 B56
  B60 B62 C01 C02 C05 C07 C08 C10 C11 C13 C14 C16 C19 C20 C22 C23 C26 C27 C29 C30 D01 D02 D04 D05 D10 D11 D13
  D14 D20 D22 D23 D25 D30 D31 D33 D36 E01 E02 E04 E05 E07 E08 E10 E11 F01 F02 F05 F07 F08 F10 F11 F13 F14 F16
  F17 F19 F20 F22 F23 F25 F26 F28 F29 G01 G02 G04 G05 H01 H02 H07 H10 H11 H13 H14 H16 H17 H19 H20 H22 H24 H26
  H29 H30 I01 I02 I07 I08 I10 I11 I13 I14 I16 I17 I20 I22 I23 I25 I26 J01 J04 J05 J07 J08 J10 J13 J14 J17 K01
  K02 K04 K05 K07 K08 K10 K13 K16 K17 K19 L01 L02 L04 L05 L07 L08 L10 L11 L13 L14 M05 M07 M08 N01 N02 N04 N05
  N07 N08 O01 O04 O05 O07 O08 O10 O11 O13 O14 P01 P02 P05 P06 P08 P09 P11 P12 P15 P17 P18 P20 P21 Q01 Q02 Q04
  Q05
`);

/** Held as far as JavaScript allows: docs/runtime.md says how. */
export const MAPPED = ids(`
  A21 A24 A25 A27 A34 A36 A46 B14 B23 B37 B41 C04 C17 D07 D08 D16 D17 D19 D26 D34 F04 H04 H05 H27 I04 I05 I19
  J02 J11 J18 K11 K14 M01 M02 M04 O02 P14
`);

/** Where we differ by design: the test is of our own rule. */
export const OURS = ids(`
  A03 A04 A13 A18 A19 A42 B57 B59 B61 C25 D28 D29 H08 H23 J16 J19 P03
`);

/** What our API cannot express, and why. */
export const NOT_APPLICABLE: Readonly<Record<string, string>> = {};

function ids(text: string): readonly string[] {
  return text.trim().split(/\s+/);
}
