using CircuitLasso.Testing;

namespace CircuitLasso.Tensors.Tests;

public sealed class InstructionSetsTests
{
    [Fact]
    public void Functions_agree_with_their_twins_on_every_instruction_set() => InstructionSets.RunWithEach(typeof(ActivationTests));
}
