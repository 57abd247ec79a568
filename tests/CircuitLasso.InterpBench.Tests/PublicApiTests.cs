using System.Reflection;
using CircuitLasso.Testing;

namespace CircuitLasso.InterpBench.Tests;

public sealed class PublicApiTests
{
    [Fact]
    public void The_public_surface_is_the_reviewed_one() =>
        PublicApi.AssertMatchesReviewedFile(Assembly.Load("CircuitLasso.InterpBench"), "CircuitLasso.InterpBench.Tests");
}
