using CircuitLasso.Testing;

namespace CircuitLasso.Numerics.Tests;

public sealed class InstructionSetsTests
{
    [Fact]
    public void The_switch_has_done_its_work() => Assert.True(InstructionSets.SwitchWorks(), InstructionSets.SwitchedOff);

    [Fact]
    public void Children_run_without_the_instruction_set_that_is_switched_off() =>
        InstructionSets.RunWithEach(typeof(InstructionSetsTests), nameof(The_switch_has_done_its_work));

    [Fact]
    public void A_child_that_runs_no_test_is_a_failure() =>
        Assert.ThrowsAny<Xunit.Sdk.XunitException>(() => InstructionSets.Run(typeof(InstructionSetsTests), "No_such_test", new Dictionary<string, string>()));

    [Fact]
    public void A_failing_child_is_a_failure() =>
        Assert.ThrowsAny<Xunit.Sdk.XunitException>(() => InstructionSets.Run(
            typeof(InstructionSetsTests),
            nameof(The_switch_has_done_its_work),
            new Dictionary<string, string> { ["CIRCUITLASSO_TEST_SWITCHED_OFF"] = "no such switch" }));
}
