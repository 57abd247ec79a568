using System.Runtime.InteropServices;
using CircuitLasso.Cli;

using CancellationTokenSource cancellation = new();

// The first interrupt asks the work to stop where it can resume; a second one ends the process at once.
void Stop(PosixSignalContext signal)
{
    signal.Cancel = !cancellation.IsCancellationRequested;
    cancellation.Cancel();
}

using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
return CommandLineApplication.Run(args, CommandConsole.OfProcess(), cancellation.Token);
