/**
 * The recordings, one a row: the newest first, as the host lists them. Arrows move the selection, Enter opens, Delete
 * asks. A file that can't be read is listed with its error, never left out.
 */
import { useEffect, useRef, type ReactElement } from "react";
import { Cell, Column, Row, Table, TableBody, TableHeader } from "react-aria-components";
import type { RecordingRow } from "../../src-main/api/api.ts";
import { formatBytes, formatCount, formatDate, formatDuration } from "../../src-main/api/format.ts";
import { BusyPicture } from "../ui/busy-picture.tsx";
import { functionName, shortPlaceOf } from "../ui/site-text.tsx";

export interface RecordingsTableProps {
  readonly rows: readonly RecordingRow[];
  readonly selected: string | undefined;
  readonly onSelect: (recording: string) => void;
  readonly onOpen: (recording: string) => void;
  readonly onDelete: (row: RecordingRow) => void;
}

const COLUMNS = [
  { id: "program", title: "Program" },
  { id: "started", title: "Started" },
  { id: "length", title: "Length" },
  { id: "loop", title: "Event loop" },
  { id: "worst", title: "Worst stall" },
  { id: "in", title: "In" },
  { id: "cancelled", title: "Cancelled" },
  { id: "model", title: "Model calls" },
  { id: "tokens", title: "Tokens" },
  { id: "state", title: "State" },
  { id: "level", title: "Level" },
  { id: "size", title: "Size" },
] as const;

const PICTURE_WIDTH = 200;
const PICTURE_HEIGHT = 18;

export function RecordingsTable(props: RecordingsTableProps): ReactElement {
  const { rows, selected, onSelect, onOpen, onDelete } = props;
  const tableRef = useRef<HTMLElement>(null);
  // The keys act at once, unless the focus is already somewhere.
  useEffect(() => {
    // The table has its rows a moment after it is mounted.
    const frame = requestAnimationFrame(() => {
      if (document.activeElement !== document.body) return;
      tableRef.current?.querySelector<HTMLElement>("[role=row][aria-selected=true]")?.focus();
    });
    return () => cancelAnimationFrame(frame);
  }, []);
  return (
    <section
      ref={tableRef}
      className="recordings"
      aria-label="Recordings"
      onKeyDown={(event) => {
        const row = rows.find(({ id }) => id === selected);
        if ((event.key !== "Delete" && event.key !== "Backspace") || row === undefined) return;
        event.preventDefault();
        onDelete(row);
      }}
    >
      <Table
        className="recordings-table"
        aria-label="Recordings"
        selectionMode="single"
        selectionBehavior="replace"
        disallowEmptySelection
        selectedKeys={selected === undefined ? [] : [selected]}
        onSelectionChange={(keys) => {
          if (keys === "all") return;
          for (const key of keys) onSelect(String(key));
        }}
        onRowAction={(key) => onOpen(String(key))}
      >
        <TableHeader>
          {COLUMNS.map(({ id, title }) => (
            <Column key={id} id={id} className="recordings-column" data-column={id} isRowHeader={id === "program"}>
              {title}
            </Column>
          ))}
        </TableHeader>
        <TableBody items={rows} dependencies={[rows]}>
          {(row) => (row.error === undefined ? readableRow(row) : unreadableRow(row, row.error))}
        </TableBody>
      </Table>
      <p className="recordings-keys" aria-hidden="true">
        <kbd className="key">Enter</kbd> open <kbd className="key">Del</kbd> delete
      </p>
    </section>
  );
}

function readableRow(row: RecordingRow): ReactElement {
  const { worstStall } = row;
  return (
    <Row id={row.id} className="row recordings-row" textValue={row.name}>
      <Cell data-column="program" className="subject">
        {row.name}
      </Cell>
      <Cell data-column="started">{formatDate(row.startedAtMs)}</Cell>
      <Cell data-column="length">{formatDuration(row.durationMs * 1e6)}</Cell>
      <Cell data-column="loop">
        <BusyPicture recording={row} width={PICTURE_WIDTH} height={PICTURE_HEIGHT} />
      </Cell>
      <Cell data-column="worst">
        {worstStall === undefined ? (
          "—"
        ) : (
          <span className={worstStall.phase === "startup" ? undefined : "stall-number"}>
            {formatDuration(worstStall.durationMs * 1e6)}
          </span>
        )}
      </Cell>
      <Cell data-column="in">{whereOf(row)}</Cell>
      <Cell data-column="cancelled">{countOrDash(row.cancellations)}</Cell>
      <Cell data-column="model">{countOrDash(row.modelCalls)}</Cell>
      <Cell data-column="tokens">{countOrDash(row.tokens)}</Cell>
      <Cell data-column="state">
        <span className={row.state === "cut" ? "cut" : undefined}>{row.state}</span>
      </Cell>
      <Cell data-column="level">{row.level}</Cell>
      <Cell data-column="size">{formatBytes(row.sizeBytes)}</Cell>
    </Row>
  );
}

function unreadableRow(row: RecordingRow, error: NonNullable<RecordingRow["error"]>): ReactElement {
  return (
    <Row id={row.id} className="row recordings-row" textValue={row.name}>
      <Cell data-column="program" className="subject">
        {row.name}
      </Cell>
      <Cell data-column="error" colSpan={COLUMNS.length - 2} className="unreadable">
        <span title={`${error.message} ${error.hint}`}>{error.message}</span>
      </Cell>
      <Cell data-column="size">{formatBytes(row.sizeBytes)}</Cell>
    </Row>
  );
}

function whereOf({ worstStall }: RecordingRow): ReactElement | string {
  if (worstStall === undefined) return "";
  if (worstStall.blame === undefined) return worstStall.phase === "startup" ? "start-up" : "cannot tell";
  return <code title={shortPlaceOf(worstStall.blame)}>{functionName(worstStall.blame)}</code>;
}

function countOrDash(count: number): string {
  return count === 0 ? "—" : formatCount(count);
}
