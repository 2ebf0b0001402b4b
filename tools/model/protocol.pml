/* The protocol by which Zopes share processes: two Zopes, their threads, and
 * the ZODB between them.
 *
 * A step of the model is what others cannot come into: that a transaction
 * begins, with all that follows from what it sees; and that it commits.  The
 * comment at each step names the code that it stands for, below
 * netsight/async_/.
 *
 * There is no time here.  A worker may be taken for dead at any moment at
 * which it was not heard of since it was looked at last, be it dead, stopped
 * or healthy; so what holds here, holds for any lease.  lookout.pml has the
 * time.
 *
 * Numbers given with -D say what may happen: see configurations.py.  Switches
 * that begin with OLD_ and NO_ weaken the protocol, and must be found.  The
 * word at an assertion names the property.
 */

#ifndef PROCESSES
#define PROCESSES 1
#endif
#ifndef RUNS
#define RUNS 2          /* threads that run processes: of Zope 0, 1, 0, 1 */
#endif
#ifndef CRASHES
#define CRASHES 0       /* a Zope dies at any point */
#endif
#ifndef STOPS
#define STOPS 0         /* a Zope is stopped in order, and hands back */
#endif
#ifndef LOST_ANSWERS
#define LOST_ANSWERS 0  /* a commit is done, and raises as if it were not */
#endif
#ifndef CANCELS
#define CANCELS 0       /* somebody wants a process cancelled */
#endif
#ifndef UNDOS
#define UNDOS 0         /* somebody undoes a claim or an outcome */
#endif
#ifndef MISTAKES
#define MISTAKES 0      /* a worker that lives is taken for dead */
#endif
#ifndef FAILURES
#define FAILURES 0      /* a run raises, or its retries are used up */
#endif
#ifndef CHECKPOINTS
#define CHECKPOINTS 1   /* runs commit parts, as often as they like */
#endif
#ifndef FORGETS
#define FORGETS 0       /* idle workers are forgotten */
#endif
#ifndef REFUSED
#define REFUSED 0       /* an outcome without a result cannot be written */
#endif
#ifndef UNREAD
#define UNREAD 0        /* a request cannot be read here, and is put back */
#endif
#ifndef RETRIES
#define RETRIES 0       /* a run raises what is tried again, and is put off */
#endif
#ifndef PAUSES
#define PAUSES 0        /* somebody pauses the queue, and resumes it */
#endif

/* interfaces.STATES.  An outcome is one of the last four, or 0. */
mtype = { queued, running, completed, failed, cancelled, lost };

#define NOBODY 0
#define ZOPE(run) ((run) % 2)
#define OTHER(zope) (1 - (zope))


/* The database: records/process.py, records/parts.py, records/lease.py */

byte worker[PROCESSES];      /* Claim.worker: a Zope + 1 */
byte token[PROCESSES];       /* Claim.token: a run + 1 */
byte deaths[PROCESSES];      /* Claim.deaths */
bool closed[PROCESSES];      /* Claim.closed */
mtype outcome[PROCESSES];    /* Outcome.state */
byte author[PROCESSES];      /* Outcome.token: a run + 1 */
bool wanted[PROCESSES];      /* Control.cancel_requested */
bool isActive[PROCESSES] = true;    /* ProcessRegistry._active */
byte effect[PROCESSES];      /* what __run__ has written */
byte most[PROCESSES];        /* Process.max_attempts */
mtype:record = { stored, over, removed };
mtype:record record[2] = stored;  /* Worker, and whether Worker.ended */

#define IS_ENDED(p) (outcome[p] != 0 || closed[p])
#define IS_HELD_BY(run, p) (worker[p] == ZOPE(run) + 1 && token[p] == run + 1)
#define STATE(p) (outcome[p] != 0 -> outcome[p] : \
    (closed[p] -> lost : (worker[p] == NOBODY -> queued : running)))


/* The ZODB
 *
 * A transaction sees the database as it was when it began.  It conflicts if
 * somebody has changed since what it writes or guards (readCurrent).  So for
 * each object there is one bit for each open transaction: whether the object
 * has changed since that transaction began.
 */

#define MONITOR(zope) (RUNS + (zope))
#define USER (RUNS + 2)

byte open;
byte guarding;               /* those among them that ask for workers */
byte claimChanged[PROCESSES];
byte outcomeChanged[PROCESSES];
byte workerChanged[2];
byte lock;                   /* the storage's: a transaction + 1 */

#define BIT(t) (1 << (t))
#define CLAIM_CHANGED(t, p) (claimChanged[p] & BIT(t))
#define OUTCOME_CHANGED(t, p) (outcomeChanged[p] & BIT(t))
#define WORKER_CHANGED(t, z) (workerChanged[z] & BIT(t))

#if PAUSES
bool isPaused;
byte pauseChanged;
#define PAUSE_CHANGED(t) (pauseChanged & BIT(t))
#else
#define isPaused false
#endif

inline begin(t)
{
    assert(!(open & BIT(t)));
    open = open | BIT(t)
}

inline end(t)
{
    open = open & ~BIT(t);
    guarding = guarding & ~BIT(t);
#if PAUSES
    pauseChanged = pauseChanged & ~BIT(t);
#endif
    workerChanged[0] = workerChanged[0] & ~BIT(t);
    workerChanged[1] = workerChanged[1] & ~BIT(t);
    claimChanged[0] = claimChanged[0] & ~BIT(t);
    outcomeChanged[0] = outcomeChanged[0] & ~BIT(t);
#if PROCESSES > 1
    claimChanged[1] = claimChanged[1] & ~BIT(t);
    outcomeChanged[1] = outcomeChanged[1] & ~BIT(t)
#endif
}

/* ZODB undoes a transaction while all that it wrote is as it left it. */
bool isClaimUndoable[PROCESSES];
bool hasBeaten[PROCESSES];   /* the claim has written the worker, too */

inline claimWritten(p)
{
    claimChanged[p] = claimChanged[p] | open;
    isClaimUndoable[p] = false
}

inline outcomeWritten(p) { outcomeChanged[p] = outcomeChanged[p] | open }

inline workerWritten(z)
{
    workerChanged[z] = workerChanged[z] | guarding;
    isYoung[z] = true;
    /* Without mistakes to make it is as if it were looked at at once. */
    isHeard[OTHER(z)] = mistakes > 0;
    isClaimUndoable[0] = isClaimUndoable[0] &&
        !(hasBeaten[0] && worker[0] == z + 1);
#if PROCESSES > 1
    isClaimUndoable[1] = isClaimUndoable[1] &&
        !(hasBeaten[1] && worker[1] == z + 1)
#endif
}


/* The memory of each Zope */

bool alive[2] = true;
bool stopping[2];            /* serving/server.py:stopping */
bool claiming[2];            /* running/runner.py:claim_lock */
bool watched[RUNS];          /* running/monitor.py:Monitor.holds */
bool isHeard[2];             /* by Zope n, of the other, since n looked last:
                              * records/lease.py:Lookout */
bool isYoung[2];             /* its last beat: running/pulse.py:Pulse.  Who
                              * is taken for dead by mistake was silent for a
                              * lease, and so has no young one. */

/* It is killed; what it had begun to commit is not done. */
inline die(zope)
{
    alive[zope] = false;
    stopping[zope] = false;
    claiming[zope] = false;
    isHeard[zope] = false;
    lock = (lock != 0 && ZOPE(lock - 1) == zope -> 0 : lock);
    watched[zope] = false;
    end(zope);
    if
    :: zope + 2 < RUNS -> watched[(zope + 2) % RUNS] = false; end(zope + 2)
    :: else
    fi;
    end(MONITOR(zope));
    if
    :: zope == 1 -> end(USER)
    :: else
    fi
}

/* What may still happen, and what excuses what would be a fault otherwise */

byte lostAnswers = LOST_ANSWERS;
byte unread = UNREAD;
byte retries = RETRIES;
byte refused = REFUSED;
byte mistakes = MISTAKES;
byte failures = FAILURES;
bool isExcused[PROCESSES];   /* its outcome was undone, or refused */

#define IS_IN_STEP(p) ((effect[p] == 1) == (outcome[p] == completed))

/* running/fence.py:Fence: what may commit for a process */
#define MAY_COMMIT(run, p) (IS_HELD_BY(run, p) && !IS_ENDED(p))


/* The weakened protocols */

#ifdef NO_FENCE              /* Fence: the claim is looked at, not guarded */
#define FENCE_CLAIM(t, p) false
#else
#define FENCE_CLAIM(t, p) CLAIM_CHANGED(t, p)
#endif

#ifdef NO_OUTCOME_IN_FENCE   /* Fence: the outcome is not guarded */
#define FENCE_OUTCOME(t, p) false
#else
#define FENCE_OUTCOME(t, p) OUTCOME_CHANGED(t, p)
#endif

#ifdef NO_TOKEN              /* Claim.is_held_by: the worker alone decides */
#define HOLDS(run, p) (worker[p] == ZOPE(run) + 1)
#else
#define HOLDS(run, p) IS_HELD_BY(run, p)
#endif

#ifdef NO_RECHECK            /* Run._attempt: without check_running */
#define MAY_BEGIN(run, p) true
#else
#define MAY_BEGIN(run, p) (HOLDS(run, p) && outcome[p] == 0)
#endif

#ifdef NO_BEAT_IN_CLAIM      /* Pulse.beats_with: without worker.beat() */
#define CLAIM_BEAT(t, z) false
#else
#define CLAIM_BEAT(t, z) WORKER_CHANGED(t, z)
#endif

#ifdef NO_TIME_IN_CLAIM      /* running/pulse.py:InTime: however old it is */
#define IS_IN_TIME(z) true
#else
#define IS_IN_TIME(z) isYoung[z]
#endif

#ifdef OLD_BACK              /* put_back: the outcome is not looked at */
#define BACK_SEES_END(p) false
#define BACK_GUARD(p) (ending == cancelled)
#else
#define BACK_SEES_END(p) (outcome[p] != 0)
#define BACK_GUARD(p) true
#endif

#ifdef OLD_RECOVERY          /* Process.recover: the worker is not guarded */
#define WORKER_GUARD(t, z) false
#else
#define WORKER_GUARD(t, z) WORKER_CHANGED(t, z)
#endif

#ifdef NO_OUTCOME_IN_RECOVERY /* Process.recover: nor is the outcome */
#define RELEASE_GUARD(t, p) false
#else
#define RELEASE_GUARD(t, p) OUTCOME_CHANGED(t, p)
#endif


/* Recovery */

/* It would be put back, not given up: records/process.py:Process.is_repeatable
 * and how many have died. */
#define IS_RELEASED(p, dead) (most[p] > 1 && most[p] > deaths[p] + dead)

/* records/process.py:Process.recover, in the commit of `t` */
inline recover(t, p, dead)
{
    assert(!IS_ENDED(p)); /* settled */
    deaths[p] = deaths[p] + dead;
    token[p] = NOBODY;
    if
    :: IS_RELEASED(p, 0) ->
        worker[p] = NOBODY
    :: else ->
        outcome[p] = (most[p] == 1 -> lost : failed);
        outcomeWritten(p)
    fi;
    claimWritten(p)
}

#define RECOVER_CONFLICTS(t, p, dead) \
    (CLAIM_CHANGED(t, p) || \
     (IS_RELEASED(p, dead) -> RELEASE_GUARD(t, p) : OUTCOME_CHANGED(t, p)) || \
     (dead && WORKER_GUARD(t, worker[p] - 1)))

/* What must be so when the worker is given up that holds a claim: it was not
 * heard of since this transaction began, or does not run the process. */
#define MAY_RECOVER(t, p) \
    (!watched[token[p] - 1] || !WORKER_CHANGED(t, worker[p] - 1))


/* running/runner.py:Run, in a thread of executors/thread.py:ThreadExecutor */

#define GONE (RUNS + 1)      /* the author of an outcome that has left */
#define IS_TOKEN_FREE(run, p) (token[p] != run + 1 && author[p] != run + 1)
#if PROCESSES > 1
#define IS_FREE(run) (IS_TOKEN_FREE(run, 0) && IS_TOKEN_FREE(run, 1))
#else
#define IS_FREE(run) IS_TOKEN_FREE(run, 0)
#endif

/* Threads of one Zope are alike: the first that is free begins. */
#define IS_TURN(run) (run < 2 || watched[run - 2] || !IS_FREE(run - 2))

/* records/process.py:Process.is_abandoned, of a claim of the other Zope */
#define MAY_SEEM_DEAD(zope) \
    (record[OTHER(zope)] != stored || \
     (!isHeard[zope] && (!alive[OTHER(zope)] || mistakes > 0)))
#define MAY_SEEM_ABANDONED(zope, p) \
    (worker[p] == OTHER(zope) + 1 && MAY_SEEM_DEAD(zope) && IS_RELEASED(p, 1))

#define MAY_CLAIM(zope) (!stopping[zope] && !claiming[zope])

/* It would be found queued, and rung for: executors/doorbell.py:ring_all */
#define IS_CLAIMABLE(zope, p) \
    (!IS_ENDED(p) && \
     (worker[p] == NOBODY || MAY_SEEM_ABANDONED(zope, p)))

#define CAN_COMMIT (lock == 0)

/* When the answer of a commit is lost, the next try begins anew.  Or it goes
 * on with what it saw before that commit, as a client of ZEO may not have
 * heard of it yet. */

/* running/monitor.py:Monitor.unwatch */
inline leave()
{
    end(me);
    author[p] = (author[p] == me + 1 -> GONE : author[p]);
    watched[me] = false;
    p = 0;
    hasClaim = false;
    rescues = false;
    beats = false;
    ending = 0
}

proctype Run(byte me)
{
    byte p;
    bool hasClaim;           /* as the open transaction sees it */
    bool rescues;            /* the claim recovers the process itself */
    bool beats;              /* the claim counts a heartbeat */
    mtype ending;            /* what is to be written without a result */

    {
    true;
idle:
    atomic {
        /* One run has one token; so a thread that has left its own in a
         * claim or outcome begins no new run here. */
        IS_FREE(me) && IS_TURN(me) && MAY_CLAIM(ZOPE(me));
        if
        :: IS_CLAIMABLE(ZOPE(me), 0) -> p = 0
#if PROCESSES > 1
        :: IS_CLAIMABLE(ZOPE(me), 1) -> p = 1
#endif
        fi;
        claiming[ZOPE(me)] = true
    }

claim:
    true;   /* others may come in between */
    atomic {
        /* running/runner.py:Run._claim,
         * records/process.py:Process.claim_for */
        begin(me);
        guarding = guarding | BIT(me);
        if
#ifndef OLD_CLAIM
        :: HOLDS(me, p) ->
            end(me);
            claiming[ZOPE(me)] = false;
            goto attempt
#endif
        /* records/process.py:Process._check_queue; who has seen a dead worker
         * has rolled that back */
        :: STATE(p) == queued && !isPaused ->
            rescues = false
        :: !IS_ENDED(p) && MAY_SEEM_ABANDONED(ZOPE(me), p) && !isPaused ->
            if
            :: record[OTHER(ZOPE(me))] == stored && alive[OTHER(ZOPE(me))] &&
               mistakes > 0 ->
                isYoung[OTHER(ZOPE(me))] = false
            :: else
            fi;
            mistakes = mistakes - (alive[OTHER(ZOPE(me))] && mistakes > 0);
            rescues = true
        :: else ->
            claiming[ZOPE(me)] = false;
            leave();
            goto idle
        fi;
        /* running/pulse.py:Pulse.beats_with */
        beats = !isYoung[ZOPE(me)] || record[ZOPE(me)] != stored;
#ifndef NO_WATCH_BEFORE_CLAIM
        watched[me] = true
#endif
    }

take:
    atomic {
        CAN_COMMIT;
        if
#if PAUSES
#ifndef NO_PAUSE_GUARD
        :: PAUSE_CHANGED(me) ->
            end(me);
            goto claim
#endif
#endif
        :: CLAIM_CHANGED(me, p) ||
           (beats -> CLAIM_BEAT(me, ZOPE(me)) :
            WORKER_CHANGED(me, ZOPE(me)) || !IS_IN_TIME(ZOPE(me))) ||
           (rescues && RECOVER_CONFLICTS(me, p, 1)) ->
            end(me);
            goto claim
        :: else
        fi;
        if
        :: rescues ->
            assert(MAY_RECOVER(me, p)); /* healthy */
            recover(me, p, 1)
        :: else
        fi;
#if PAUSES
        assert(!isPaused); /* paused */
#endif
        worker[p] = ZOPE(me) + 1;
        token[p] = me + 1;
        claimWritten(p);
        if
        :: record[ZOPE(me)] == removed && !WORKER_CHANGED(me, ZOPE(me)) ->
            record[ZOPE(me)] = stored
        :: else
        fi;
        hasBeaten[p] = beats;
#ifndef NO_BEAT_IN_CLAIM
        if
        :: beats -> workerWritten(ZOPE(me))
        :: else
        fi;
#endif
        assert(record[ZOPE(me)] == stored || stopping[ZOPE(me)]); /* known */
        isClaimUndoable[p] = !rescues;
        if
        :: lostAnswers > 0 -> lostAnswers--; end(me); goto claim
        :: lostAnswers > 0 -> lostAnswers--; goto take
        :: end(me)
        fi;
        claiming[ZOPE(me)] = false;
        rescues = false;
        beats = false
    }
#ifdef NO_WATCH_BEFORE_CLAIM
    watched[me] = true;
#endif

attempt:
    true;   /* others may come in between */
    atomic {
        /* running/stored_request.py:StoredRequest.open,
         * running/runner.py:Run._attempt */
        if
        :: MAY_BEGIN(me, p)
        :: else -> leave(); goto idle
        fi;
        begin(me);
        hasClaim = true
    }

work:
    if
    :: atomic {
        /* browser/view.py:BaseAsyncView.checkpoint,
         * running/fence.py:Fence.beforeCompletion */
        CHECKPOINTS && CAN_COMMIT ->
        if
        :: !hasClaim -> leave(); goto idle
        :: else
        fi;
        if
        :: FENCE_CLAIM(me, p) || FENCE_OUTCOME(me, p) ->
            end(me);
            goto attempt
        :: else
        fi;
        assert(MAY_COMMIT(me, p)); /* fenced */
        if
        :: lostAnswers > 0 -> lostAnswers--; end(me); goto attempt
        :: lostAnswers > 0 -> lostAnswers--; goto work
        :: end(me)
        fi;
        begin(me);
        hasClaim = HOLDS(me, p);
        goto work
       }
    :: atomic {
        /* running/outcomes.py:complete, records/parts.py:Outcome.settle */
        CAN_COMMIT ->
        if
        :: !hasClaim -> leave(); goto idle
        :: else
        fi;
        if
        :: FENCE_CLAIM(me, p) || OUTCOME_CHANGED(me, p) ->
            end(me);
            goto attempt
        :: else
        fi;
        /* tpc_vote: the storage has checked it, and lets nobody else commit
         * until tpc_finish, however long that takes. */
        lock = me + 1
       }
    :: atomic {
        /* It raises, or Zope's retries after conflicts are used up. */
        failures > 0 -> failures--;
        ending = failed;
        end(me)
       }
    :: atomic {
        /* running/monitor.py:Monitor.look,
         * running/runner.py:Run.check_cancelled */
        wanted[p] -> ending = cancelled;
        end(me)
       }
#if UNREAD
    :: atomic {
        /* running/stored_request.py:StoredRequest.put_back: before the first
         * attempt, or before one that follows on a lost answer */
        unread > 0 -> unread--;
        end(me);
        goto back
       }
#endif
#if RETRIES
    :: atomic {
        /* running/runner.py:Run._put_off: it raises, as where it fails.  When
         * it is taken again, it may be at any time. */
        retries > 0 -> retries--;
        end(me);
        goto back
       }
#endif
    fi;
    if
    :: ending != 0 -> goto write
    :: else
    fi;

    atomic {
        /* tpc_finish */
        assert(MAY_COMMIT(me, p)); /* fenced */
        outcome[p] = completed;
        effect[p]++;
        lock = 0;
        outcomeWritten(p);
        assert(IS_IN_STEP(p)); /* once */
        if
        :: lostAnswers > 0 -> lostAnswers--; end(me); goto attempt
        :: lostAnswers > 0 -> lostAnswers--; goto work
        :: leave()
        fi;
        goto idle
    }

write:
    true;   /* others may come in between */
    atomic {
        /* running/outcomes.py:fail, running/outcomes.py:cancel */
        if
        :: (outcome[p] == ending && author[p] == me + 1) ||
           !HOLDS(me, p) || outcome[p] != 0 ->
            leave();
            goto idle
        :: else
        fi;
        begin(me)
    }

settle:
    atomic {
        CAN_COMMIT;
        if
        :: CLAIM_CHANGED(me, p) || OUTCOME_CHANGED(me, p) ->
            end(me);
            goto write
        :: else
        fi;
        if
        :: refused > 0 ->
            /* running/runner.py:run logs it; the claim stays, without a
             * hold. */
            refused--;
            isExcused[p] = true;
            leave();
            goto idle
        :: true
        fi;
        assert(MAY_COMMIT(me, p)); /* fenced */
        outcome[p] = ending;
        author[p] = me + 1;
        outcomeWritten(p);
        if
        :: ending == cancelled -> token[p] = NOBODY; claimWritten(p)
        :: else
        fi;
        if
        :: lostAnswers > 0 -> lostAnswers--; end(me); goto write
        :: lostAnswers > 0 -> lostAnswers--; goto settle
        :: leave()
        fi;
        goto idle
    }

#if UNREAD || RETRIES
back:
    true;   /* others may come in between */
    atomic {
        /* running/outcomes.py:put_back, running/outcomes.py:put_off */
        if
        :: !HOLDS(me, p) || BACK_SEES_END(p) -> leave(); goto idle
        :: else
        fi;
        begin(me);
        ending = (wanted[p] -> cancelled : queued)
    }
    atomic {
        CAN_COMMIT;
        if
        :: CLAIM_CHANGED(me, p) ||
           (BACK_GUARD(p) && OUTCOME_CHANGED(me, p)) ->
            end(me);
            goto back
        :: else
        fi;
        assert(MAY_COMMIT(me, p)); /* fenced */
        token[p] = NOBODY;
        if
        :: ending == cancelled ->
            outcome[p] = cancelled;
            author[p] = me + 1;
            outcomeWritten(p)
        :: else ->
            worker[p] = NOBODY
        fi;
        claimWritten(p);
        if
        :: lostAnswers > 0 -> lostAnswers--; end(me); goto back
        :: leave()
        fi;
        goto idle
    }
#endif
    } unless {
        atomic {
            !alive[ZOPE(me)];
            p = 0; hasClaim = false; rescues = false; beats = false;
            ending = 0
        }
    }
}


#define IS_RUNNING_ON(zope) \
    (watched[zope] || (zope + 2 < RUNS && watched[(zope + 2) % RUNS]))

/* running/signs.py:beat, each beat-seconds.  It begins and ends at once: what
 * it could conflict with, it would find when it is done again. */
proctype Heart(byte me)
{
    {
    do
    :: atomic {
        IS_RUNNING_ON(me) && !stopping[me] && CAN_COMMIT ->
#ifdef PATIENT_HEART
        !claiming[me] ->
#endif
        if
        :: record[me] == removed -> record[me] = stored
        :: else
        fi;
        workerWritten(me)
       }
    od
    } unless { !alive[me] }
}

mtype:task = { nothing, retire, giveUp, handBack, ask };

inline noteHolds(zope)
{
    holds = (watched[zope] << (zope + 1)) |
        (zope + 2 < RUNS -> watched[(zope + 2) % RUNS] << (zope + 3) : 0)
}

#define IS_DUE(p) (isActive[p] && STATE(p) != queued)
#if PROCESSES > 1
#define IS_ANY_DUE (IS_DUE(0) || IS_DUE(1))
#define IS_ANY_PLANNED (plan[0] != nothing || plan[1] != nothing)
#else
#define IS_ANY_DUE IS_DUE(0)
#define IS_ANY_PLANNED (plan[0] != nothing)
#endif
#define MAY_FORGET_OTHER(zope) \
    (FORGETS && record[OTHER(zope)] == stored && MAY_SEEM_DEAD(zope))

/* serving/server.py:Duty.look; and, when it stops, serving/server.py:_end_this
 * in the same thread */
proctype Monitor(byte me)
{
    mtype:task plan[PROCESSES];
    byte held[PROCESSES];    /* the token of a claim of this Zope */
    byte holds;
    bool forgets;            /* the other, as it is idle and silent */
    bool seemsDead;
    bool hands;              /* is being stopped */
    byte p;

    {
    true;
begins:
#ifdef NO_LATE_HOLDS
    atomic { !stopping[me]; noteHolds(me) }
#endif
    atomic {
        if
        /* serving/server.py:_hand_back, under the claim_lock */
        :: stopping[me] && !claiming[me] -> hands = true
        :: !stopping[me] && (IS_ANY_DUE || MAY_FORGET_OTHER(me))
        fi;
        begin(MONITOR(me));
        /* records/lease.py:Lookout.is_alive */
        if
        :: record[OTHER(me)] != stored -> seemsDead = true
        :: record[OTHER(me)] == stored && isHeard[me] -> isHeard[me] = false
        :: record[OTHER(me)] == stored && !isHeard[me] && !alive[OTHER(me)] ->
            seemsDead = true
        :: record[OTHER(me)] == stored && !isHeard[me] && alive[OTHER(me)] &&
           mistakes > 0 ->
            mistakes--;
            isYoung[OTHER(me)] = false;
            seemsDead = true
        :: record[OTHER(me)] == stored && !isHeard[me] && alive[OTHER(me)]
        fi;
        /* serving/recovery.py:recover_some */
        p = 0;
        do
        :: p < PROCESSES ->
            if
            :: !isActive[p] || STATE(p) == queued -> plan[p] = nothing
            :: isActive[p] && IS_ENDED(p) -> plan[p] = retire
            :: isActive[p] && STATE(p) == running && worker[p] == me + 1 ->
                held[p] = token[p];
                plan[p] = (hands -> handBack :
                           (record[me] != stored -> giveUp : ask))
            :: isActive[p] && STATE(p) == running && worker[p] != me + 1 ->
                plan[p] = (seemsDead -> giveUp : nothing)
            fi;
            p++
        :: else -> break
        od;
        p = 0;
        /* serving/recovery.py:forget_workers */
#if FORGETS
        forgets = seemsDead && record[OTHER(me)] == stored &&
            !(isActive[0] && worker[0] == OTHER(me) + 1);
#if PROCESSES > 1
        forgets = forgets && !(isActive[1] && worker[1] == OTHER(me) + 1);
#endif
#endif
        seemsDead = false;
        guarding = guarding | BIT(MONITOR(me))
    }

    /* running/monitor.py:Monitor.holds, after the transaction has begun */
    atomic {
#ifndef NO_LATE_HOLDS
        noteHolds(me);
#endif
        do
        :: p < PROCESSES ->
            if
            :: plan[p] == ask ->
                plan[p] = (holds & BIT(held[p]) -> nothing : giveUp)
            :: else
            fi;
            held[p] = 0;
            p++
        :: else -> break
        od;
        p = 0;
        holds = 0;
        if
        :: IS_ANY_PLANNED || forgets || hands
        :: else -> goto done
        fi
    }

    atomic {
        CAN_COMMIT;
        do
        :: p < PROCESSES ->
            if
            :: (plan[p] == retire && CLAIM_CHANGED(MONITOR(me), p)) ||
               (plan[p] == giveUp &&
                RECOVER_CONFLICTS(MONITOR(me), p, 1)) ||
               (plan[p] == handBack &&
                RECOVER_CONFLICTS(MONITOR(me), p, 0)) ->
                goto done
            :: else
            fi;
            p++
        :: else -> break
        od;
        if
        :: (forgets && WORKER_CHANGED(MONITOR(me), OTHER(me))) ||
           (hands && WORKER_CHANGED(MONITOR(me), me)) ->
            goto done
        :: else
        fi;
        p = 0;
        do
        :: p < PROCESSES ->
            if
            :: plan[p] == retire ->
                /* records/registry.py:ProcessRegistry.retire */
                isActive[p] = false;
#ifndef NO_CLOSE
                worker[p] = NOBODY;
                token[p] = NOBODY;
                closed[p] = true;
#endif
                claimWritten(p)
            :: plan[p] == giveUp ->
                assert(MAY_RECOVER(MONITOR(me), p)); /* healthy */
                /* Its own without a hold: the run could not do its work. */
                assert(worker[p] != me + 1 || isExcused[p]); /* dropped */
                recover(MONITOR(me), p, 1)
            :: plan[p] == handBack ->
                recover(MONITOR(me), p, 0)
            :: else
            fi;
            p++
        :: else -> break
        od;
        if
        :: forgets ->
            workerChanged[OTHER(me)] = workerChanged[OTHER(me)] | guarding;
            record[OTHER(me)] = removed
        :: else
        fi;
        if
        :: hands ->
            workerChanged[me] = workerChanged[me] | guarding;
            record[me] = over
        :: else
        fi;
        if
        :: lostAnswers > 0 -> lostAnswers--; goto done
        :: true
        fi;
        if
        :: hands -> die(me)
        :: else
        fi;
done:
        p = 0;
        do
        :: p < PROCESSES -> plan[p] = nothing; p++
        :: else -> break
        od;
        p = 0;
        forgets = false;
        end(MONITOR(me));
        goto begins
    }
    } unless {
        atomic {
            !alive[me];
            p = 0; holds = 0; forgets = false; hands = false;
            seemsDead = false; plan[0] = nothing; held[0] = 0
        }
    }
}


/* actions.py:cancel, by a request to Zope 1, repeated after conflicts */
proctype User()
{
    byte p;
    bool atOnce;

    {
    if
    :: p = 0
#if PROCESSES > 1
    :: p = 1
#endif
    fi;
asks:
    true;   /* others may come in between */
    atomic {
        if
        :: IS_ENDED(p) -> goto done
        :: STATE(p) == queued -> atOnce = true
        :: STATE(p) == running && MAY_SEEM_ABANDONED(1, p) ->
            isYoung[0] = false;
            atOnce = true
        :: STATE(p) == running -> atOnce = false
        fi;
        begin(USER)
    }
    atomic {
        CAN_COMMIT;
        if
        :: atOnce && (CLAIM_CHANGED(USER, p) || OUTCOME_CHANGED(USER, p)) ->
            end(USER);
            goto asks
        :: else
        fi;
        if
        :: atOnce ->
            assert(!IS_ENDED(p)); /* settled */
            outcome[p] = cancelled;
            token[p] = NOBODY;
            claimWritten(p);
            outcomeWritten(p)
        :: else ->
            wanted[p] = true
        fi;
        end(USER);
        if
        :: lostAnswers > 0 -> lostAnswers--; goto asks
        :: true
        fi
    }
done:
    atomic { p = 0; atOnce = false }
    } unless { !alive[1] }
}


/* What comes from outside, or never comes */

proctype Crash()
{
    if
    :: atomic { alive[0] -> die(0) }
    :: atomic { alive[1] -> die(1) }
    :: true
    fi
}

/* SIGTERM; serving/server.py:stop: when it does not wait any longer */
proctype Stop()
{
    if
    :: atomic { alive[0] -> stopping[0] = true }
    :: atomic { alive[1] -> stopping[1] = true }
    :: true
    fi
}

/* An administrator; the undo of ZODB.DB */
proctype Undo()
{
    byte p;

    if
    :: p = 0
#if PROCESSES > 1
    :: p = 1
#endif
    fi;
    if
    :: atomic {
        isClaimUndoable[p] && CAN_COMMIT ->
        workerChanged[worker[p] - 1] = workerChanged[worker[p] - 1] |
            (hasBeaten[p] -> guarding : 0);
        worker[p] = NOBODY;
        token[p] = NOBODY;
        claimWritten(p)
       }
    :: atomic {
        CAN_COMMIT && (outcome[p] == completed || author[p] != NOBODY) &&
        outcome[p] != cancelled ->
        outcome[p] = 0;
        author[p] = NOBODY;
        effect[p] = 0;
        isExcused[p] = true;
        outcomeWritten(p)
       }
    :: true
    fi
}

#if PAUSES
/* actions.py:pause_queue, actions.py:resume_queue */
proctype Pauser()
{
    if
    :: atomic { CAN_COMMIT -> isPaused = true; pauseChanged = open }
    :: goto done
    fi;
    atomic { CAN_COMMIT -> isPaused = false; pauseChanged = open };
done:
    true
}
#endif

#define NOBODY_LIVES (!alive[0] && !alive[1])

/* When nobody can do anything any more, all must have ended. */
proctype Check()
{
    timeout;
    assert(NOBODY_LIVES || (IS_ENDED(0) && !isActive[0])); /* ends */
#if PROCESSES > 1
    assert(NOBODY_LIVES || (IS_ENDED(1) && !isActive[1])) /* ends */
#endif
}

init
{
    atomic {
        /* restart_after_crash: one says so and one does not */
#if PROCESSES > 1
        most[0] = 1;
        most[1] = 2;
#else
        if
        :: most[0] = 1
        :: most[0] = 2
        fi;
#endif
        run Run(0);
        run Run(1);
#if RUNS > 2
        run Run(2);
#endif
#if RUNS > 3
        run Run(3);
#endif
        run Heart(0);
        run Heart(1);
        run Monitor(0);
        run Monitor(1);
#if CRASHES
        run Crash();
#endif
#if STOPS
        run Stop();
#endif
#if CANCELS
        run User();
#endif
#if UNDOS
        run Undo();
#endif
#if PAUSES
        run Pauser();
#endif
        run Check()
    }
}

#ifdef ENDS
/* While a Zope lives, each process ends; -f is given, so whoever can always
 * do something, does so at some time. */
ltl ends { <> (IS_ENDED(0) || NOBODY_LIVES) }
#endif
