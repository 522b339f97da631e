/** Everything recorded about a selection. */
import type { Details, Selection } from "../api/api.ts";
import type { Recording } from "../store/recording.ts";
import { spanDetails } from "./span-details.ts";
import { stallDetails } from "./stall-details.ts";
import { taskDetails } from "./task-details.ts";

export function details(recording: Recording, { kind, id }: Selection): Details | undefined {
  return recording.snapshot(() => {
    switch (kind) {
      case "task":
        return taskDetails(recording, id);
      case "span":
        return spanDetails(recording, id);
      case "stall":
        return stallDetails(recording, id);
    }
  });
}
