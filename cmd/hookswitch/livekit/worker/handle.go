package worker

import (
	"errors"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/room"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/livekit/pb"
)

// maxStrikes is how often a worker may send what it should not.
const maxStrikes = 10

// next takes w's next message, and reports whether there may be another.
func (h *Hub) next(w *worker) bool {
	m, err := w.sock.read()
	switch {
	case errors.Is(err, errMalformed):
		return h.strike(w, Malformed)
	case errors.Is(err, errFlood):
		h.c.Count(Flood)
		h.c.Log.Warn("worker: sends too much, and is sent away", "worker", w.id, "workspace", w.who.workspace)
		w.sock.close(closePolicy, "too many messages")
		return false
	case err != nil:
		return false
	}
	return h.handle(w, m)
}

// handle does what a message says, and reports whether w may stay.
func (h *Hub) handle(w *worker, m *pb.WorkerMessage) bool {
	switch m := m.GetMessage().(type) {
	case *pb.WorkerMessage_Availability:
		return h.answered(w, m.Availability)
	case *pb.WorkerMessage_UpdateJob:
		return h.updateJob(w, m.UpdateJob)
	case *pb.WorkerMessage_UpdateWorker:
		h.updateWorker(w, m.UpdateWorker)
		return true
	case *pb.WorkerMessage_Ping:
		return h.say(w, pong(m.Ping, time.Now().UnixMilli()))
	case *pb.WorkerMessage_MigrateJob:
		return h.migrate(w, m.MigrateJob)
	case *pb.WorkerMessage_CreateJobToken:
		h.c.Count(Unsupported)
		return h.say(w, noToken(m.CreateJobToken))
	case *pb.WorkerMessage_SimulateJob:
		h.c.Count(Unsupported) // there is no call to simulate it with, and no message to say so
		h.c.Log.Info("worker: a simulated job is not supported: dispatch the agent into a call", "worker", w.id)
		return true
	case *pb.WorkerMessage_Register:
		return h.strike(w, Malformed) // it has
	default:
		h.c.Count(Unsupported) // newer than we are
		return true
	}
}

// strike counts what a worker should not have sent, and reports whether it may
// stay.
func (h *Hub) strike(w *worker, what string) bool {
	h.c.Count(what)
	if w.strikes++; w.strikes < maxStrikes {
		return true
	}
	h.c.Log.Warn("worker: sends what it should not, and is sent away", "worker", w.id, "workspace", w.who.workspace, "last", what)
	w.sock.close(closePolicy, "too many wrong messages")
	return false
}

// say sends w a message; who does not read is sent away.
func (h *Hub) say(w *worker, m *pb.ServerMessage) bool {
	if w.sock.send(m) {
		return true
	}
	h.c.Count(Slow)
	w.sock.close(closePolicy, "too slow")
	return false
}

// updateWorker takes w's load. A message that was overtaken says nothing.
func (h *Hub) updateWorker(w *worker, u *pb.UpdateWorkerStatus) {
	if u.GetSeq() != 0 {
		if u.GetSeq() < w.seq {
			return
		}
		w.seq = u.GetSeq()
	}
	h.mu.Lock()
	before := w.full || w.load >= 1
	if u.Status != nil {
		w.full = u.GetStatus() != pb.WorkerStatus_WS_AVAILABLE
	}
	w.full = w.full || u.GetDraining()
	w.load = loadOf(u.GetLoad())
	now := w.full || w.load >= 1
	h.mu.Unlock()
	if before && !now {
		h.Poke()
	}
}

// answered hands w's answer to who asked. What nobody waits for any more is told
// that the job is not w's.
func (h *Hub) answered(w *worker, a *pb.AvailabilityResponse) bool {
	h.mu.Lock()
	answer, waiting := w.asked[a.GetJobId()]
	_, known := w.knows[a.GetJobId()]
	delete(w.asked, a.GetJobId())
	w.rests = time.Time{} // it does answer
	h.mu.Unlock()
	switch {
	case waiting:
		answer <- a // has room for one
		return true
	case !known:
		return h.strike(w, Foreign)
	}
	h.c.Count(Late)
	if a.GetAvailable() {
		return h.say(w, termination(a.GetJobId()))
	}
	return true
}

// updateJob takes what w says of a job that it has.
func (h *Hub) updateJob(w *worker, u *pb.UpdateJobStatus) bool {
	if !h.owns(w, u.GetJobId()) {
		h.mu.Lock()
		_, known := w.knows[u.GetJobId()]
		h.mu.Unlock()
		if !known {
			return h.strike(w, Foreign)
		}
		h.c.Count(Late)
		return true
	}
	ctx, cancel := patience()
	defer cancel()
	var err error
	switch u.GetStatus() {
	case pb.JobStatus_JS_RUNNING, pb.JobStatus_JS_PENDING: // it is, as far as anybody is concerned
	case pb.JobStatus_JS_SUCCESS:
		err = h.finish(ctx, u.GetJobId(), room.Success, "")
	case pb.JobStatus_JS_FAILED:
		err = h.finish(ctx, u.GetJobId(), room.Failed, reasonFrom(u.GetError()))
	default:
		return h.strike(w, Malformed)
	}
	if err != nil {
		h.c.Log.Warn("worker: cannot note how a job ended", "job", u.GetJobId(), "err", err)
	}
	return true
}

// maxMigrated bounds the jobs of one message.
const maxMigrated = 1000

// migrate gives w jobs that it had before its socket was closed. LiveKit's
// server does nothing here: jobs there do not end with their worker's socket.
func (h *Hub) migrate(w *worker, m *pb.MigrateJobRequest) bool {
	for i, id := range m.GetJobIds() {
		if i == maxMigrated {
			return h.strike(w, Malformed)
		}
		h.owns(w, id)
	}
	return true
}
