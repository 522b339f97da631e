/** The writer's statements, prepared once. */
import type Database from "better-sqlite3";

export type Statements = ReturnType<typeof createStatements>;

export function createStatements(db: Database.Database) {
  const insert = (table: string, columns: string, verb = "INSERT") => {
    const places = columns.split(",").map(() => "?");
    return db.prepare(`${verb} INTO ${table} (${columns}) VALUES (${places.join(",")})`);
  };
  return {
    meta: insert("meta", "key,value", "INSERT OR REPLACE"),
    process: insert("process", "id,pid,ppid,program,arg_count,args,cwd,exec_path,node,platform,arch,start"),
    thread: insert("thread", "id,process,thread_id,level,start"),
    endThread: db.prepare("UPDATE thread SET end = ?, exit_code = ? WHERE id = ?"),
    track: insert("track", "id,parent,thread,kind,task,label,start"),
    trackLabel: db.prepare("UPDATE track SET label = ? WHERE id = ?"),
    scope: insert("scope", "id,task,parent,kind,name,opened,shielded", "INSERT OR REPLACE"),
    closeScope: db.prepare("UPDATE scope SET closed = ? WHERE id = ?"),
    scopeDeadline: db.prepare("UPDATE scope SET deadline = ? WHERE id = ?"),
    cancelScope: db.prepare("UPDATE scope SET cancelled_at = ?, cancel = ? WHERE id = ?"),
    subject: insert("subject", "id,thread,kind,name", "INSERT OR REPLACE"),
    wait: insert("wait", "id,task,kind,target,holder,asked_ms,start,dur,outcome,by", "INSERT OR REPLACE"),
    endWait: db.prepare("UPDATE wait SET dur = ?, outcome = ?, by = ? WHERE id = ?"),
    hold: insert("hold", "id,task,subject,acquired,waited"),
    endHold: db.prepare("UPDATE hold SET dur = ? WHERE id = ?"),
    depth: insert("depth", "subject,at,depth,waiters,passed"),
    runtimeEvent: insert("runtime_event", "at,thread,kind,task,subject,a,b,text"),
    trackDepths: db.prepare("UPDATE track SET depths = ? WHERE id = ?"),
    task: insert("task", "id,thread,parent,kind,name,origin,created,scope,settled,outcome,error", "INSERT OR REPLACE"),
    endTask: db.prepare("UPDATE task SET settled = ?, outcome = ?, error = ? WHERE id = ?"),
    startTask: db.prepare("UPDATE task SET started = ? WHERE id = ?"),
    taskSite: db.prepare("UPDATE task SET site = ? WHERE id = ?"),
    taskAttributes: db.prepare("UPDATE task SET attributes = json_patch(attributes, ?) WHERE id = ?"),
    taskChunks: db.prepare("UPDATE task SET first_chunk = ?, chunks = ? WHERE id = ?"),
    span: insert("span", "id,thread,task,name,start", "INSERT OR REPLACE"),
    endSpan: db.prepare("UPDATE span SET end = ?, outcome = ?, error = ? WHERE id = ?"),
    spanAttributes: db.prepare("UPDATE span SET attributes = json_patch(attributes, ?) WHERE id = ?"),
    slice: insert("slice", "id,track,class,start,dur,depth,kind,outcome,subject,label,first_chunk"),
    voidSlice: db.prepare("DELETE FROM slice WHERE id = ?"),
    endSlice: db.prepare("UPDATE slice SET class = ?, dur = ?, outcome = ?, first_chunk = ? WHERE id = ?"),
    run: insert("run", "track,level,start,depth,dur,kind,outcome,count,subject,label", "INSERT OR REPLACE"),
    loop: insert("loop", "thread,level,start,dur,busy_ms,delay_ms", "INSERT OR REPLACE"),
    stall: insert(
      "stall",
      "id,thread,start,dur,phase,cause,task,span,blame,frames,samples,captured_during,evidence,seen",
      "INSERT OR REPLACE",
    ),
    voidStall: db.prepare("DELETE FROM stall WHERE id = ?"),
    voidSamples: db.prepare("DELETE FROM sample WHERE stall = ?"),
    own: insert("own", "thread,what,at,dur"),
    profile: insert("profile", "stall,flame", "INSERT OR REPLACE"),
    voidProfile: db.prepare("DELETE FROM profile WHERE stall = ?"),
    victim: insert("victim", "stall,kind,name,task,due,ran,exact,cancelled"),
    voidVictims: db.prepare("DELETE FROM victim WHERE stall = ?"),
    victimCount: insert("victim_count", "stall,count", "INSERT OR REPLACE"),
    sample: insert("sample", "stall,at,took_ms,task,span,frames"),
    cancellation: insert("cancellation", "id,cancel,task,requested,source,reason,by,stack,scope", "INSERT OR REPLACE"),
    deliverCancellation: db.prepare("UPDATE cancellation SET delivered = ? WHERE id = ?"),
    settleCancellation: db.prepare("UPDATE cancellation SET settled = ?, ignored = ? WHERE id = ?"),
    link: insert("link", "kind,source,target,at"),
    handleType: db.prepare(
      "INSERT INTO handle_type (thread,type,count) VALUES (?,?,?) ON CONFLICT DO UPDATE SET count = count + excluded.count",
    ),
    handleChunk: insert("handle_chunk", "thread,start,end,count,bytes"),
    promiseChunk: insert("promise_chunk", "thread,start,end,first_id,last_id,count,bytes"),
    promiseCount: insert("promise_count", "thread,created,settled", "INSERT OR REPLACE"),
    dropped: db.prepare(
      "INSERT INTO dropped (kind,count) VALUES (?,?) ON CONFLICT DO UPDATE SET count = count + excluded.count",
    ),
    notSeen: insert("not_seen", "what", "INSERT OR IGNORE"),
  };
}
