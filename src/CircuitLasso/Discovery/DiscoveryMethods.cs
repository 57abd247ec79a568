using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>The table of all discovery methods.</summary>
public static class DiscoveryMethods
{
    /// <summary>Every method, in the order in which tables show them.</summary>
    public static IReadOnlyList<IDiscoveryMethod> All { get; } =
    [
        new LassoPaperDiscovery(),
        new TiedLassoDiscovery(),
        new NonlinearTiedLassoDiscovery(),
        new TiedRidgeDiscovery(),
        new EdgeAttributionPatching(),
        new IntegratedInputGradients(),
        new IntegratedActivationGradients(),
        new AutomaticCircuitDiscovery(),
        new InformationFlowRoutes(),
        new ExactPatching(),
    ];

    /// <summary>The method of that name.</summary>
    /// <param name="name">A name, such as <c>eap-ig</c>.</param>
    /// <exception cref="InputException">There is none.</exception>
    public static IDiscoveryMethod Named(string name) =>
        All.FirstOrDefault(method => method.Name == name)
        ?? throw new InputException($"--method {name}", "there is no such method", "choose among " + string.Join(", ", All.Select(method => method.Name)));
}
