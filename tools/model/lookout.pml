/* How a Zope sees by heartbeats whether another lives, while a commit is held
 * up or the database is away: records/lease.py, records/commits.py,
 * serving/polling.py.
 *
 * Zope A lives and beats, until it dies.  Zope B watches it.  Somebody else's
 * commit keeps the storage from all others for up to LONG ticks, which is more
 * than a lease; or nobody can reach the database for that time.  One tick is
 * an eighth of a lease; what is done at once, is done within a tick, in any
 * order.
 *
 * What may happen, and what is left out, is given with -D: see
 * configurations.py.  The word at an assertion names the property.
 */

#ifndef RUNS_TOO
#define RUNS_TOO 0       /* B runs processes, too, and so has a heart */
#endif
#ifndef DEATHS
#define DEATHS 0         /* A dies */
#endif
#ifndef OUTAGES
#define OUTAGES 0        /* the database is away */
#endif
#ifndef LONG
#define LONG 12
#endif

#define LEASE 8          /* lease-seconds */
#define BEAT 2           /* beat-seconds */
#define LOOKED_AWAY 6    /* lease.LOOKED_AWAY */

#ifdef OLD_SIGHT         /* only the silence was counted */
#define NO_DOUBT
#define NO_HELD_UP
#define NO_LATE_SIGHT
#endif

#ifdef NO_DOUBT
#define DOUBT 255
#else
#define DOUBT 4          /* lease.DOUBT */
#endif

#ifdef NO_HELD_UP
#define HELD_UP 255
#else
#define HELD_UP 1        /* lease.HELD_UP */
#endif

/* The storage */
bool isLocked;           /* by the long commit */
bool isAway;             /* whoever asks it, gets an error */
byte left = LONG;

/* Zope A: its heart is to beat, or waits to commit that */
bool lives = true;
byte beatIn = BEAT;
bool beats;

/* Zope B: its heart likewise, and its monitor */
byte ownIn = BEAT;
bool ownBeats;
byte ownWaits;
bool hasPolled;
byte dutyIn = BEAT;
mtype = { idle, takesPart, recovers };
mtype monitor = idle;
byte monitorWaits;
bool hasChanged;         /* A's record, since that transaction began */

/* lease.Sight, of A by B; ages in ticks */
bool isNew;              /* there are beats that B has not seen */
byte silent;
byte away;
bool wasHeldUp;          /* a commit of B, since the last look */
bool isDead;

bool isRecovered;
byte deadFor;            /* ticks in which B could have found that out */

#define MAY_COMMIT (!isLocked && !isAway)

/* records/commits.py:Commits.last_held_up */
#define SEES (monitorWaits < HELD_UP && ownWaits < HELD_UP && !wasHeldUp)

/* A commit of B ends; the heartbeat of A may still be behind it. */
#ifdef NO_LATE_SIGHT
#define NOTE(waits) waits = 0
#else
#define NOTE(waits) wasHeldUp = wasHeldUp || waits >= HELD_UP; waits = 0
#endif

/* records/lease.py:Lookout.is_heard */
inline look()
{
    if
    :: isNew -> isNew = false; silent = 0; isDead = false
    :: !isNew && (!SEES || away > LOOKED_AWAY) -> silent = 0
    :: else
    fi;
    away = 0;
    wasHeldUp = false;
    isDead = isDead || silent >= LEASE;
    assert(!isDead || !lives)   /* shown */
}

proctype Heart()
{
    do
    :: atomic { lives && beatIn == 0 && !beats -> beats = true }
    :: atomic {
        /* running/signs.py:beat */
        lives && beats && MAY_COMMIT ->
        beats = false;
        beatIn = BEAT;
        isNew = true;
        hasChanged = true
       }
    :: atomic {
        /* running/tasks.py:Routine: it is done when it is due again */
        lives && beats && isAway ->
        beats = false;
        beatIn = BEAT
       }
    od
}

proctype OwnHeart()
{
    do
    :: atomic { ownIn == 0 && !ownBeats -> ownBeats = true }
    :: atomic {
        ownBeats && MAY_COMMIT ->
        ownBeats = false;
        NOTE(ownWaits);
        ownIn = BEAT
       }
    :: atomic {
        ownBeats && isAway ->
        ownBeats = false;
        ownWaits = 0;
        ownIn = BEAT
       }
    od
}

proctype Monitor()
{
    do
    :: atomic {
        /* serving/polling.py:Poll, serving/polling.py:take_part */
        monitor == idle && !hasPolled && !isRecovered && !isAway ->
        look();
        hasPolled = true;
        if
        :: isDead -> dutyIn = 0
        :: !isDead && silent >= DOUBT -> monitor = takesPart
        :: else
        fi
       }
    :: atomic {
        monitor == takesPart && MAY_COMMIT ->
        monitor = idle;
        NOTE(monitorWaits)
       }
    :: atomic {
        /* serving/server.py:Duty.look */
        monitor == idle && dutyIn == 0 && !isRecovered && !isAway ->
        look();
        dutyIn = BEAT;
        hasChanged = false;
        if
        :: isDead -> monitor = recovers
        :: else
        fi
       }
    :: atomic {
        /* records/process.py:Process.recover guards the worker */
        monitor == recovers && MAY_COMMIT ->
        monitor = idle;
        NOTE(monitorWaits);
        if
        :: hasChanged -> dutyIn = 0
        :: !hasChanged ->
            assert(!lives);     /* lost */
            isRecovered = true
        fi
       }
    :: atomic {
        /* serving/polling.py:look, records/lease.py:Lookout.miss */
        isAway && (monitor != idle || !hasPolled || dutyIn == 0) ->
        monitor = idle;
        monitorWaits = 0;
        hasPolled = true;
        dutyIn = (dutyIn == 0 -> BEAT : dutyIn);
#ifndef NO_NEW_BEGINNING
        wasHeldUp = true
#endif
       }
    od
}

/* A page that shows a state at any time: records/process.py:Process.state */
proctype Page()
{
    do
    :: atomic { !isRecovered && !isAway; look() }
    od
}

proctype Death()
{
    atomic { lives = false; beats = false }
}

proctype Storage()
{
#if OUTAGES
    isAway = true;
#else
    isLocked = true;
#endif
    atomic { isAway = false; isLocked = false; left = 0; deadFor = 0 }
}

#define IS_BUSY \
    ((lives && (beatIn == 0 && !beats || beats && !isLocked)) || \
     (RUNS_TOO && (ownIn == 0 && !ownBeats || ownBeats && !isLocked)) || \
     (!isRecovered && monitor == idle && (!hasPolled || dutyIn == 0)) || \
     (monitor != idle && !isLocked))

#define LESS(number) number = (number > 0 -> number - 1 : 0)
#define MORE(number, most) number = (number < most -> number + 1 : most)

proctype Time()
{
    do
    :: atomic {
        !IS_BUSY && (!(isLocked || isAway) || left > 0) ->
        if
        :: !lives && !isRecovered && !isLocked && !isAway -> deadFor++
        :: else
        fi;
        assert(deadFor <= LEASE + BEAT);    /* found */
        LESS(beatIn);
        LESS(ownIn);
        LESS(dutyIn);
        left = (isLocked || isAway -> left - 1 : left);
        MORE(silent, LEASE);
        MORE(away, LOOKED_AWAY + 1);
        if
        :: monitor != idle -> MORE(monitorWaits, HELD_UP)
        :: else
        fi;
        if
        :: ownBeats -> MORE(ownWaits, HELD_UP)
        :: else
        fi;
        hasPolled = false
       }
    od
}

init
{
    atomic {
        run Heart();
#if RUNS_TOO
        run OwnHeart();
#endif
        run Monitor();
        run Page();
        run Storage();
#if DEATHS
        run Death();
#endif
        run Time()
    }
}
