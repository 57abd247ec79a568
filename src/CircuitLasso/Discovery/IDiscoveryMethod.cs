using CircuitLasso.Models;
using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>
/// One way to find the circuit behind a task: a pure function of model, task and options. Implementations have no state, are safe for use by several threads at once
/// and give the same scores for the same arguments.
/// </summary>
public interface IDiscoveryMethod
{
    /// <summary>The name that commands and tables use, such as <c>eap-ig</c>.</summary>
    string Name { get; }

    /// <summary>One line for people.</summary>
    string Description { get; }

    /// <summary>Scores every candidate edge of the model and chooses a circuit.</summary>
    /// <param name="model">The model.</param>
    /// <param name="task">What is to be explained.</param>
    /// <param name="options">How.</param>
    /// <param name="progress">Told how far the work has come.</param>
    /// <param name="cancellation">Stops the work; nothing is kept.</param>
    /// <exception cref="InputException">The task does not fit the model, or the method cannot work on it.</exception>
    ComponentDiscovery Discover(
        TransformerModel model, DiscoveryTask task, DiscoveryOptions options, IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default);
}
