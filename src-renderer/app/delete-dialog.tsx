/** A recording is one file and there is no way back, so deleting asks; the safe answer has the focus. */
import type { ReactElement } from "react";
import { Dialog, Modal, ModalOverlay } from "react-aria-components";
import type { RecordingRow } from "../../src-main/api/api.ts";
import { Button } from "../ui/button.tsx";
import { Notice } from "../ui/notice.tsx";
import { formatBytes, formatDate } from "../../src-main/api/format.ts";

export function DeleteDialog(props: {
  readonly row: RecordingRow;
  readonly onCancel: () => void;
  readonly onDelete: () => void;
}): ReactElement {
  const { row, onCancel, onDelete } = props;
  return (
    <ModalOverlay
      className="dialog-shade"
      isOpen
      isDismissable
      onOpenChange={(isOpen) => {
        if (!isOpen) onCancel();
      }}
    >
      <Modal className="dialog">
        <Dialog role="alertdialog" aria-label={`Delete ${row.name}?`}>
          <Notice
            title={`Delete ${row.name}?`}
            actions={
              <>
                <Button kind="edged" autoFocus onPress={onCancel}>
                  Keep it
                </Button>
                <Button kind="edged" onPress={onDelete}>
                  Delete the recording
                </Button>
              </>
            }
          >
            <p>
              The recording of {formatDate(row.startedAtMs)}, {formatBytes(row.sizeBytes)}, is removed from this
              machine. There is no copy elsewhere.
            </p>
          </Notice>
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}
