<?php
// Posts an event to the unified callback (PHP 8). Run: SECRET=… php post.php https://gate.example.com
$event = ['event_id' => 'order-' . hrtime(true), 'event_type' => 'order.paid', 'timestamp' => time(), 'data' => ['order' => 'A-17']];
$body = json_encode($event);
$signature = hash_hmac('sha256', $body, getenv('SECRET'));
$options = ['http' => [
    'method' => 'POST',
    'header' => "Content-Type: application/json\r\nX-Signature: sha256=$signature",
    'content' => $body,
    'ignore_errors' => true,
]];
echo file_get_contents("$argv[1]/api/platform/callback", false, stream_context_create($options)), "\n";
