package models_test

import (
	"testing"

	"github.com/hookswitch/hookswitch/agentcore/models"
	"github.com/hookswitch/hookswitch/agentcore/models/modelstest"
)

func TestPulledModelsAreThePinnedOnes(t *testing.T) {
	if err := modelstest.Set(t).Verify(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestRuntimeMayBeStartedAgainAndClosedTwice(t *testing.T) {
	set := modelstest.Runtime(t).Set()
	for range 2 {
		r, err := models.Start(set)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := r.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}
