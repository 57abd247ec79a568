using CircuitLasso.Testing;

namespace CircuitLasso.Numerics.Tests;

public sealed class ConversionInstructionSetsTests
{
    [Fact]
    public void Stored_numbers_become_the_same_singles_on_every_instruction_set() => InstructionSets.RunWithEach(typeof(SingleConversionTests));

    [Fact]
    public void Numpy_arrays_convert_the_same_on_every_instruction_set() => InstructionSets.RunWithEach(typeof(NumPyArrayTests));
}
