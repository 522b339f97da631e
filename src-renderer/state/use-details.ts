/** What is selected, in full, asked for again whenever the recording changed. The last answer stays until the next is here. */
import { useEffect, useState } from "react";
import type { ApiError, Details, RecordingApi, Selection } from "../../src-main/api/api.ts";
import { toApiError } from "../client.ts";

export interface DetailsAnswer {
  readonly details?: Details;
  readonly error?: ApiError;
}

/** The newest question wins; an answer to an older one is thrown away. */
export function useDetails(
  api: Pick<RecordingApi, "details">,
  recording: string,
  selection: Selection | undefined,
  version: number,
): DetailsAnswer | undefined {
  const [answer, setAnswer] = useState<DetailsAnswer>();
  const key = selection === undefined ? undefined : `${selection.kind} ${selection.id}`;
  useEffect(() => {
    if (selection === undefined) {
      setAnswer(undefined);
      return undefined;
    }
    let isLatest = true;
    api.details(recording, selection).then(
      (details) => isLatest && setAnswer({ details }),
      (reason: unknown) => isLatest && setAnswer({ error: toApiError(reason) }),
    );
    return () => {
      isLatest = false;
    };
    // eslint-disable-next-line react-hooks/exhaustive-deps -- `key` is the selection by value
  }, [api, recording, key, version]);
  return answer;
}
