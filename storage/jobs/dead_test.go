package jobs_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookswitch/hookswitch/storage"
	"github.com/hookswitch/hookswitch/storage/jobs"
	"github.com/hookswitch/hookswitch/storage/sqlite"
)

// victim names the variable with the database of a process that is to be killed.
const victim = "HOOKSWITCH_TEST_VICTIM"

// beVictim takes up a job and never ends.
func beVictim(address string) {
	open := sqlite.Open
	if address[:8] == "postgres" {
		open = engines["postgres"].open
	}
	db, err := open(context.Background(), address)
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(jobs.Run(context.Background(), db, jobs.Hasty(jobs.Config{Workers: map[string]jobs.Do{
		"long": func(context.Context, string) (time.Duration, error) {
			fmt.Println("taken")
			select {}
		},
	}})))
	os.Exit(1)
}

func TestJobOfAKilledProcessIsDoneByAnother(t *testing.T) {
	for name, e := range engines {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address := e.address(t)
			db, err := e.open(t.Context(), address)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := db.Close(); err != nil {
					t.Error(err)
				}
			})
			enqueue(t, db, storage.Job{Kind: "long", ID: "x"}, nil)

			child := exec.CommandContext(t.Context(), os.Args[0])
			child.Env = append(os.Environ(), victim+"="+address)
			out, err := child.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := child.Start(); err != nil {
				t.Fatal(err)
			}
			said := make([]byte, 100)
			n, err := out.Read(said)
			if string(said[:n]) != "taken\n" {
				t.Fatalf("the child said %q, %v", said[:n], err)
			}

			// While it lives its job is its own.
			done := make(calls, 10)
			run(t, db, jobs.Hasty(jobs.Config{Workers: map[string]jobs.Do{"long": func(_ context.Context, id string) (time.Duration, error) {
				done <- id
				return 0, nil
			}}}), "jobs of a process that is gone are done by others")
			select {
			case <-done:
				t.Fatal("the job was taken from a process that is alive")
			case <-time.After(4 * time.Second):
			}

			if err := child.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			_ = child.Wait() // "signal: killed"
			killed := time.Now()
			done.next(t, 20*time.Second)
			t.Logf("done %v after the kill", time.Since(killed).Round(time.Millisecond))
		})
	}
}

// With the real times, which are virtual here: the promise is one minute, from
// the start of a process that finds a dead one's job.
func TestJobOfADeadProcessIsDoneWithinAMinute(t *testing.T) {
	for claim, row := range map[string]string{
		"its sign of life stands still": `INSERT INTO job_runners (id, beat) VALUES ('gone', 7)`,
		"it never gave one":             `DELETE FROM job_runners`,
	} {
		t.Run(claim, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				db, err := sqlite.Open(t.Context(), sqlite.Memory)
				if err != nil {
					t.Fatal(err)
				}
				defer db.Close()
				enqueue(t, db, storage.Job{Kind: "tell", ID: "x"}, nil)
				err = db.Engine().Write(t.Context(), func(tx storage.Tx) error {
					if _, err := tx.Exec(t.Context(), row); err != nil {
						return err
					}
					n, err := tx.Exec(t.Context(), `UPDATE river_job SET state = 'running', attempt = 1,
						attempted_at = scheduled_at, attempted_by = jsonb('["gone"]')`)
					if n != 1 {
						t.Errorf("%d jobs, want the one", n)
					}
					return err
				})
				if err != nil {
					t.Fatal(err)
				}
				done := make(calls, 10)
				began := time.Now()
				stop := run(t, db, jobs.Config{Workers: map[string]jobs.Do{"tell": func(_ context.Context, id string) (time.Duration, error) {
					done <- id
					return 0, nil
				}}}, "jobs of a process that is gone are done by others")
				done.next(t, time.Minute)
				t.Logf("done after %v", time.Since(began))
				stop()
			})
		})
	}
}

// Two that are alive take nothing from one another, however long a job is.
func TestTwoProcessesDoEachJobOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db, err := sqlite.Open(t.Context(), sqlite.Memory)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		const each = 20
		done := make(calls, 10*each)
		for range 2 {
			defer run(t, db, jobs.Config{Concurrency: 3, Poll: 5 * time.Second, Workers: map[string]jobs.Do{"long": func(_ context.Context, id string) (time.Duration, error) {
				time.Sleep(jobs.Timeout - time.Second)
				done <- id
				return 0, nil
			}}})()
		}
		times := map[string]int{}
		for n := range each {
			id := fmt.Sprint(n)
			times[id] = 0
			enqueue(t, db, storage.Job{Kind: "long", ID: id}, nil)
		}
		time.Sleep(8 * time.Minute)
		close(done)
		for id := range done {
			times[id]++
		}
		for id, n := range times {
			if n != 1 {
				t.Errorf("job %s was done %d times, want once", id, n)
			}
		}
	})
}
