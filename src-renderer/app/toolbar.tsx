/** What acts on the timeline: fit, follow while live, and the filter of tracks. */
import { Expand, ListFilter } from "lucide-react";
import { useSyncExternalStore, type ReactElement, type RefObject } from "react";
import { Toolbar as Buttons } from "react-aria-components";
import type { ViewportStore } from "../state/viewport.ts";
import { Button } from "../ui/button.tsx";
import { FilterField } from "../ui/filter-field.tsx";

export interface ToolbarProps {
  readonly viewport: ViewportStore;
  readonly isLive: boolean;
  readonly filter: string;
  readonly onFilter: (filter: string) => void;
  readonly filterRef: RefObject<HTMLInputElement | null>;
  readonly onFit: () => void;
  /** Where the details lie over the timeline, the recording's own overview is called up. */
  readonly isOverviewOpen: boolean;
  readonly onOverview: (isOpen: boolean) => void;
}

export function Toolbar(props: ToolbarProps): ReactElement {
  const { viewport, isLive, filter, onFilter, filterRef, onFit, isOverviewOpen, onOverview } = props;
  const isFollowing = useSyncExternalStore(viewport.subscribe, viewport.following);
  return (
    <div className="toolbar">
      {/* One stop of the Tab key; the arrows of the filter's text are its own. */}
      <Buttons className="toolbar-buttons" aria-label="Timeline">
        <Button square label="Fit the whole recording" hint="Fit the whole recording (0)" onPress={onFit}>
          <Expand size={14} aria-hidden="true" />
        </Button>
        {isLive && (
          <Button pressed={isFollowing} hint="Follow the live end (L)" onPress={() => viewport.follow(!isFollowing)}>
            Follow
          </Button>
        )}
        <span className="narrow-only">
          <Button pressed={isOverviewOpen} onPress={() => onOverview(!isOverviewOpen)}>
            Overview
          </Button>
        </span>
      </Buttons>
      <span className="spring" />
      <FilterField label="Filter tracks" value={filter} onChange={onFilter} inputRef={filterRef}>
        <ListFilter size={14} aria-hidden="true" />
      </FilterField>
    </div>
  );
}
